import type { Biz } from './ark.ts'
import { paceOf } from './behaviour.ts'
import type { Clock } from './clock.ts'
import type { BizJar, WebPart } from './jars.ts'
import type { JavaException } from './java-exception.ts'
import { springProperty } from './spring-args.ts'
import { normalPath, type WebServer, type WebServerKind } from './web-server.ts'
import type { Workshop } from './workshop.ts'

export interface Start {
  readonly biz: Biz
  readonly jar: BizJar
  readonly args: readonly string[]
}

/** The share of a start after which Spring asks for the web server, as captures 175, 185 and 207 show: its beans come later. */
export const SERVER_AT = 0.75

export const runLater = (run: () => void, afterMs: number, timers: Clock): void => {
  if (afterMs <= 0) run()
  else timers.after(afterMs, run)
}

/** Sleeps that a bean or main was asked for: `--sleep=1500`; the web modules of the captures call it `--start.ms`. */
const argSleepMs = (args: readonly string[]): number =>
  args.reduce((sum, arg) => sum + (Number(/^--(?:sleep|start\.ms)=(\d+)$/.exec(arg)?.[1]) || 0), 0)

/**
 * Runs a module's main. It asks for its path first: where that is taken nothing tells whether its beans are well (capture 179).
 * It answers requests before its beans are up (capture 185).
 */
export function startModule(shop: Workshop, start: Start, ended: (cause?: JavaException) => void): void {
  const { biz, jar, args } = start
  const startMs = paceOf(shop.behaviour.installMs, jar.name, jar.version)
  const place = placeOf(jar, args, shop)
  const beforeMs = place.kind === 'shared' ? startMs * SERVER_AT : 0
  runLater(
    () => {
      const taken = place.kind === 'shared' ? shop.web.claim(biz, place.spelled) : undefined
      if (taken) {
        ended(taken)
        return
      }
      const beans = () => ended(beansFail(shop, start, place))
      runLater(beans, startMs - beforeMs + jar.sleepMs + argSleepMs(args), shop.timers)
    },
    beforeMs,
    shop.timers,
  )
}

type Place =
  /** On the base's web server. */
  | { readonly kind: 'shared'; readonly spelled: string }
  /** On a web server of its own, as a port of its own makes it. */
  | { readonly kind: 'own' }
  /** It was told to do without one. */
  | { readonly kind: 'nowhere' }
  /** It is no web module, or the base has none to lend. */
  | { readonly kind: 'none' }

type Host = Pick<Workshop, 'portsOfTheirOwn'> & { readonly web: Pick<WebServer, 'kind'> }

function placeOf(jar: BizJar, args: readonly string[], { web: { kind }, portsOfTheirOwn }: Host): Place {
  const { web, name, webContextPath = name } = jar
  if (!web || kind === 'none') return { kind: 'none' }
  const heard = web.dropsArgs ? [] : args
  if (isToldNone(heard)) return { kind: 'nowhere' }
  // Netty's part of SOFAArk looks at the manifest and at nothing else (capture 226).
  if (kind === 'reactive') return { kind: 'shared', spelled: webContextPath }
  if (portsOfTheirOwn && springProperty(heard, 'server.port') !== undefined) return { kind: 'own' }
  return { kind: 'shared', spelled: pathSetIn(heard, web) || webContextPath }
}

const isToldNone = (args: readonly string[]): boolean =>
  springProperty(args, 'spring.main.web-application-type')?.toLowerCase() === 'none'

const pathSetIn = (args: readonly string[], { property = '' }: WebPart): string =>
  withoutLastSlash(springProperty(args, 'server.servlet.context-path') ?? property)

/** Where a jar with these args answers, whatever the base tells of it; undefined: nowhere on the base's web server. */
export function realPathOf(jar: BizJar, args: readonly string[], kind: WebServerKind): string | undefined {
  const place = placeOf(jar, args, { web: { kind }, portsOfTheirOwn: true })
  return place.kind === 'shared' ? normalPath(place.spelled) : undefined
}

const withoutLastSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path)

function beansFail(shop: Workshop, { biz, jar }: Start, place: Place): JavaException | undefined {
  if (place.kind === 'nowhere' && jar.web?.mvc && shop.web.kind === 'servlet') {
    return beanFailed('resourceHandlerMapping', { type: ILLEGAL_STATE, message: 'No ServletContext set' })
  }
  if (jar.failing !== undefined) return beanFailed('bad', { type: ILLEGAL_STATE, message: jar.failing })
  const taken = jar.binds && shop.onlyOnce.take(jar.binds, biz)
  return taken && beanFailed('odd', taken)
}

const ILLEGAL_STATE = 'java.lang.IllegalStateException'

const beanFailed = (bean: string, cause: JavaException): JavaException => ({
  type: 'org.springframework.beans.factory.BeanCreationException',
  message: `Error creating bean with name '${bean}': Invocation of init method failed`,
  cause,
})
