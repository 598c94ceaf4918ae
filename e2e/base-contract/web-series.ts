import { inTurn, type Step } from './series.ts'
import type { Scene } from './simulator-stage.ts'

const TOMCAT: Scene = { webServer: 'servlet', folder: '/lab/m/jars', identity: 'w1' }
const SWITCHING: Scene = { ...TOMCAT, identity: 'w2', flags: { activateNewModule: true } }
const KEEPING: Scene = { ...TOMCAT, identity: 'w4', flags: { keepFailed: true } }
const PUBLISHED: Scene = { ...TOMCAT, identity: 'p1', folder: '/lab/pub/jars', flags: { release: '3.1.4' } }
const NETTY: Scene = { webServer: 'reactive', folder: '/lab/flux/jars', identity: 'f1' }

/**
 * Web modules, and others of which one JVM holds only one. They need other jars, and most of them a base that lends its web
 * server: a rig without both is not put through them.
 */
export const WEB_SERIES: Readonly<Record<string, readonly Step[]>> = {
  'a web module on Tomcat': [
    { capture: '170-web-install', fresh: TOMCAT },
    ...inTurn(
      '171-web-second-version-beside',
      '172-queryAllBiz',
      '173-web-second-version-again',
      '175-uninstallThenInstall-under-load',
      '176-uninstall-then-install-by-two-commands',
      '177-uninstallThenInstall-broken',
      '178-install-old-again',
      '179-broken-beside',
      '180-uninstallThenInstall-unreachable',
    ),
    { capture: '185-uninstallThenInstall-slow-start', bizs: ['biz1:2.0.0'] },
    { capture: '234-unproven-fails-and-is-put-back', bizs: ['biz1:1.0.0'] },
  ],
  'paths of web modules': [
    { capture: '186-other-module-same-path', fresh: TOMCAT, bizs: ['biz1:1.0.0'] },
    ...inTurn('187-module-without-path', '188-path-without-slash', '189-path-without-slash-beside'),
    { capture: '202-slash-trick', bizs: ['bare:1.0.0'] },
    { capture: '203-slash-trick-uninstall-old' },
    { capture: '204-baseline-same-path', fresh: TOMCAT },
    { capture: '205-two-versions-at-once', bizs: [] },
  ],
  proofs: [
    { capture: '190-prove-context-path-arg', fresh: TOMCAT, bizs: ['biz1:1.0.0'] },
    ...inTurn('192-proof-then-uninstallThenInstall', '193-prove-broken-context-path-arg'),
    { capture: '194-prove-web-type-none', bizs: ['biz1:1.0.0'] },
    { capture: '195-prove-web-type-none-broken', bizs: ['biz1:1.0.0'] },
    { capture: '196-web-type-none-mvc' },
    { capture: '197-prove-port-0', bizs: ['biz1:1.0.0', 'mvc:1.0.0'] },
    { capture: '198-prove-port-0-again', bizs: ['biz1:1.0.0', 'mvc:1.0.0'] },
    { capture: '199-prove-port-minus-1', bizs: ['biz1:1.0.0', 'mvc:1.0.0'] },
    { capture: '200-prove-own-port', bizs: ['biz1:1.0.0', 'mvc:1.0.0'] },
    { capture: '201-prove-envs' },
    { capture: '233-main-drops-args', bizs: ['deaf:1.0.0'] },
    { capture: '238-proof-then-only-uninstall', bizs: ['biz1:1.0.0'] },
  ],
  'web modules with activate.new.module': [
    { capture: '174-activate-new-module', fresh: SWITCHING, bizs: ['biz1:1.0.0'] },
    { capture: '208-slash-changed-new-beside', bizs: ['bare:1.0.0'] },
    { capture: '209-slash-changed-old-uninstalled' },
    { capture: '215-activate-new-module-proof', bizs: ['biz1:1.0.0'] },
    { capture: '216-activate-new-module-proof-uninstalled' },
    { capture: '217-path-by-property', bizs: [] },
    { capture: '218-new-version-wants-path-of-another', bizs: ['biz1:1.0.0', 'biz2:1.0.0'] },
    { capture: '219-and-uninstallThenInstall-of-it' },
  ],
  'failed web modules are kept': [
    { capture: '235-broken-kept-beside', fresh: KEEPING, bizs: ['biz1:1.0.0'] },
    { capture: '236-broken-kept-uninstall' },
  ],
  'what a JVM has only once': [
    { capture: '210-second-version-port', fresh: TOMCAT, bizs: ['port:1.0.0'] },
    { capture: '211-second-version-mbean', bizs: ['mbean:1.0.0'] },
    { capture: '212-second-version-lock', bizs: ['lock:1.0.0'] },
    { capture: '213-second-version-lib', bizs: ['lib:1.0.0'] },
    { capture: '214-second-version-rmi', bizs: ['rmi:1.0.0'] },
    { capture: '237-native-library-uninstallThenInstall', fresh: TOMCAT, bizs: ['lib:1.0.0'] },
  ],
  'a web module on the published SOFAArk 3.1.4': [
    { capture: '221-ark-3.1.4-beside', fresh: PUBLISHED, bizs: ['biz1:1.0.0'] },
    { capture: '222-ark-3.1.4-context-path-arg' },
    { capture: '223-ark-3.1.4-own-port', bizs: ['biz1:1.0.0'] },
    { capture: '224-ark-3.1.4-uninstallThenInstall' },
  ],
  'a web module on Netty': [
    { capture: '225-webflux-beside', fresh: NETTY, bizs: ['biz1:1.0.0'] },
    ...inTurn(
      '226-webflux-context-path-args',
      '227-webflux-web-type-none',
      '228-webflux-uninstallThenInstall',
      '229-webflux-web-type-none-broken',
      '230-webflux-uninstallThenInstall-broken',
      '231-webflux-after-broken',
    ),
  ],
}

const IN_FLIGHT = 'what becomes of requests in flight: the simulator carries none'

/** What no simulator can show. */
export const WEB_NOT_REPLAYED: Readonly<Record<string, string>> = {
  '181-ten-tries-beside': "what class loaders and failed starts leave in a JVM's metaspace",
  '182-uninstall-with-requests-of-2s': IN_FLIGHT,
  '183-uninstall-with-requests-of-6s': IN_FLIGHT,
  '184-uninstallThenInstall-with-requests-of-2s': IN_FLIGHT,
  '191-switchBiz-http': 'switchBiz is a command of the HTTP tunnel alone',
  '206-uninstallThenInstall-slow-request-and-load': IN_FLIGHT,
  '207-slow-start-starves-the-base': 'the threads of Tomcat run out',
  '220-chinese-locale': 'whether the language of a JVM changes the text',
  '232-webflux-uninstall-in-flight': IN_FLIGHT,
}
