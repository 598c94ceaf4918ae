import type { Label } from './jar-yard.ts'

/** The web module of the user guide's sample. It answers at a path that is not its name. */
export const WEB = 'biz1-web-single-host'
export const WEB_PATH = 'biz1'

/** Versions of it. */
export const RUNS = '0.0.1-SNAPSHOT'
export const NEXT = '0.0.2-SNAPSHOT'
/** A bean of it throws, and says {@link CAUSE}. */
export const FAILS = '0.0.3-SNAPSHOT'
export const CAUSE = 'no table ORDERS in the database'
/** Its main drops its args. */
export const DEAF = '0.0.4-SNAPSHOT'
/** Packed for the path of {@link OWNER}. */
export const ASTRAY = '0.0.5-SNAPSHOT'

/** Another module, at a path of its own. */
export const OWNER = 'biz2-web'
/** Another module at the path of the first. */
export const TWIN = 'twin'
/** This version of it writes that path with a slash. */
export const SLASHED = '2.0.0'
/** Listens on a port of its own, which its args name. */
export const PORT = 'port'

type Origin = Pick<Label, 'from' | 'webContextPath'>

const SOUND = { from: `${WEB}-${RUNS}.jar`, webContextPath: WEB_PATH } as const
const VERSIONS: Readonly<Record<string, Origin>> = {
  [FAILS]: { ...SOUND, from: `${WEB}-${FAILS}.jar` },
  [DEAF]: { ...SOUND, from: `${WEB}-${DEAF}.jar` },
  [ASTRAY]: { ...SOUND, webContextPath: OWNER },
}

/** What these modules are made from; undefined: it is none of them. Any other version is a sound one. */
export function webOrigin({ name, version }: Pick<Label, 'name' | 'version'>): Origin | undefined {
  if (name === WEB) return VERSIONS[version] ?? SOUND
  if (name === OWNER) return { ...SOUND, webContextPath: OWNER }
  if (name === TWIN) return { ...SOUND, webContextPath: version === SLASHED ? `/${WEB_PATH}` : WEB_PATH }
  return name === PORT ? { from: 'port-0.0.1.jar' } : undefined
}
