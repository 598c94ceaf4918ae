/** Why a second one of a module could not stand beside the first: the texts of captures 171 to 237. Pure. */
import { causesOf } from './failure-cause.ts'
import { normalPath } from './web-path.ts'

/** Something that one JVM has only once, and that is taken. */
export type Clash =
  /** Tomcat names the path, as the manifest spells it; slashes are normalised here. */
  | { readonly kind: 'contextPath'; readonly path: string }
  /** WebFlux does not name it. */
  | { readonly kind: 'reactivePath' }
  | { readonly kind: 'port' | 'mbean' | 'fileLock' | 'rmiObject' }
  /** It stays with the class loader that loaded it, after its uninstall too (capture 237). */
  | { readonly kind: 'nativeLibrary' }

/** `Child name [/biz1] is not unique`; older Tomcats put quotation marks for brackets. */
const CHILD_NAME = /Child name .([^\p{Cc}]{0,256}?). is not unique/u
/** An address that this host does not have, or may not bind, is nobody's. */
const NOT_TAKEN = /Cannot assign requested address|Permission denied/

const TEXTS: readonly (readonly [RegExp, Exclude<Clash['kind'], 'contextPath' | 'port'>])[] = [
  [/Duplicated context path/, 'reactivePath'],
  [/InstanceAlreadyExistsException/, 'mbean'],
  [/OverlappingFileLockException|Lock held by this virtual machine|lock hold by current process/, 'fileLock'],
  [/ObjID already in use|java\.rmi\.AlreadyBoundException/, 'rmiObject'],
  [/already loaded in another classloader/i, 'nativeLibrary'],
]
const PORT = /BindException|PortInUseException|Address already in use/

function clashIn(cause: string): Clash | undefined {
  const path = CHILD_NAME.exec(cause)?.[1]
  if (path !== undefined) return { kind: 'contextPath', path: normalPath(path) }
  const kind = TEXTS.find(([text]) => text.test(cause))?.[1]
  if (kind) return { kind }
  return PORT.test(cause) && !NOT_TAKEN.test(cause) ? { kind: 'port' } : undefined
}

/** The innermost cause that tells of one counts. Undefined: the failure has another reason. */
export function clashOf(text: string): Clash | undefined {
  for (const cause of causesOf(text).reverse()) {
    const clash = clashIn(cause)
    if (clash) return clash
  }
  return undefined
}
