import type { Biz } from './ark.ts'
import type { JavaException } from './java-exception.ts'

/** Which web server a base lends to its modules: Tomcat by web-ark-plugin, Netty by netty-ark-plugin. */
export type WebServerKind = 'none' | 'servlet' | 'reactive'

const ROOT = '/'

/** Slashes normalised: what requests go by. */
export const normalPath = (path: string): string => `/${path.split('/').filter(Boolean).join('/')}`

const cannotStart = (server: string, cause: JavaException): JavaException => ({
  type: 'org.springframework.context.ApplicationContextException',
  message: `Unable to start ${server}`,
  cause,
})

const nameTaken = (name: string): JavaException =>
  cannotStart('web server', {
    type: 'java.lang.IllegalArgumentException',
    message: `Child name [${name}] is not unique`,
  })

const pathTaken = cannotStart('reactive web server', {
  type: 'com.alipay.sofa.ark.exception.ArkRuntimeException',
  message: 'Duplicated context path',
})

/**
 * Where the modules of one JVM answer HTTP.
 * Tomcat goes by two tables that do not agree: names of contexts as they are spelled, and paths with a slash in front. Of two
 * names for one path the newer takes the requests, and the path goes as soon as either goes (captures 202, 203, 208, 209).
 */
export class WebServer {
  readonly kind: WebServerKind
  readonly #names = new Map<Biz, string>()
  readonly #routes = new Map<string, Biz>()

  constructor(kind: WebServerKind) {
    this.kind = kind
  }

  /** Undefined: it answers there from now on. */
  claim(biz: Biz, spelled: string): JavaException | undefined {
    const name = this.kind === 'servlet' ? spelled : normalPath(spelled)
    if (this.#isTaken(name)) return this.kind === 'servlet' ? nameTaken(name) : pathTaken
    this.#names.set(biz, name)
    this.#routes.set(normalPath(name), biz)
    return undefined
  }

  release(biz: Biz): void {
    const name = this.#names.get(biz)
    if (name === undefined) return
    this.#names.delete(biz)
    this.#routes.delete(normalPath(name))
  }

  /** The base itself has all that no module has. */
  answersAt(path: string): Biz | 'base' | undefined {
    if (this.kind === 'none') return undefined
    for (
      let prefix = normalPath(path);
      prefix !== ROOT;
      prefix = normalPath(prefix.slice(0, prefix.lastIndexOf('/')))
    ) {
      const biz = this.#routes.get(prefix)
      if (biz) return biz
    }
    return this.#routes.get(ROOT) ?? 'base'
  }

  /** Tomcat holds the base under `/`; Netty holds it under no path. */
  #isTaken(name: string): boolean {
    return (this.kind === 'servlet' && name === ROOT) || [...this.#names.values()].includes(name)
  }
}
