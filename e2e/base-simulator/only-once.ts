import type { Biz } from './ark.ts'
import type { JavaException } from './java-exception.ts'

/** Something that one JVM has only once, and that a bean of a module takes. */
export interface Taken {
  readonly kind: 'port' | 'mbean' | 'lock' | 'rmi' | 'lib'
  /** Its number, object name or file. */
  readonly what: string
}

/** What a second one is told, captures 210 to 214. */
function refusalOf({ kind, what }: Taken): JavaException {
  switch (kind) {
    case 'port':
      return { type: 'java.net.BindException', message: 'Address already in use' }
    case 'mbean':
      return { type: 'javax.management.InstanceAlreadyExistsException', message: what }
    case 'lock':
      return { type: 'java.nio.channels.OverlappingFileLockException' }
    case 'rmi':
      return { type: 'java.rmi.server.ExportException', message: 'internal error: ObjID already in use' }
    case 'lib':
      return {
        type: 'java.lang.UnsatisfiedLinkError',
        message: `Native Library ${what} already loaded in another classloader`,
      }
  }
}

/** All of that in one JVM. */
export class OnlyOnce {
  readonly #owners = new Map<string, Biz>()

  take(taken: Taken, biz: Biz): JavaException | undefined {
    const key = `${taken.kind}:${taken.what}`
    if (this.#owners.has(key)) return refusalOf(taken)
    this.#owners.set(key, biz)
    return undefined
  }

  /** A native library stays with the class loader that loaded it, though that is gone (capture 237). */
  release(biz: Biz): void {
    for (const [key, owner] of this.#owners) {
      if (owner === biz && !key.startsWith('lib:')) this.#owners.delete(key)
    }
  }
}
