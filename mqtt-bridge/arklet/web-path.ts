/** The context path of a web module, and how Spring's command line sets it. Pure. */

/** Slashes normalised: SOFAArk takes `biz1`, `/biz1` and `/biz1/` for three names, and requests reach one path. */
export const normalPath = (path: string): string => `/${path.split('/').filter(Boolean).join('/')}`

export const isRootPath = (path: string): boolean => normalPath(path) === '/'

const CONTEXT_PATH = 'server.servlet.context-path'
const APPLICATION_TYPE = 'spring.main.web-application-type'

/** Spring reads `--server.servlet.contextPath` and `--server.servlet.context_path` as the same property. */
const relaxed = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '')

function settingOf(arg: string, property: string): string | undefined {
  const [, name = '', value] = /^--([^=]+)=?(.*)$/s.exec(arg) ?? []
  return relaxed(name) === relaxed(property) ? value : undefined
}

/** The context path that these arguments set; undefined: they leave it to the jar. */
export function contextPathOf(args: readonly string[]): string | undefined {
  return args.map(arg => settingOf(arg, CONTEXT_PATH)).findLast(value => value !== undefined)
}

/** Where a new version is started for a trial, so that it does not meet the running one. */
export type Proof =
  /** On Tomcat: under a path of its own (capture 190). */
  | { readonly kind: 'contextPath'; readonly path: string }
  /** On WebFlux, which honours no other path (captures 226, 227). */
  | { readonly kind: 'noWebServer' }

/** A value given twice reads as a list to Spring: the user's own gives way. */
function replaced(args: readonly string[], property: string, value: string): readonly string[] {
  return [...args.filter(arg => settingOf(arg, property) === undefined), `--${property}=${value}`]
}

/** The arguments of a module that is started for a trial. */
export function argsOfProof(args: readonly string[], proof: Proof): readonly string[] {
  return proof.kind === 'contextPath'
    ? replaced(args, CONTEXT_PATH, proof.path)
    : replaced(args, APPLICATION_TYPE, 'none')
}
