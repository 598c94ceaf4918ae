import type { Scene } from './simulator-stage.ts'

/** How a capture is replayed. Without `fresh` or `bizs` it finds what the one before it left. */
export interface Step {
  readonly capture: string
  /** A base just started, so. */
  readonly fresh?: Scene
  /** What is there at its beginning, where the series did something in between that was not captured. */
  readonly bizs?: readonly string[]
  /** What is done to the base; default: what was `sent`. */
  readonly act?: 'start' | 'restart' | 'kill'
  readonly settleMs?: number
  /** The answer's time depended on the network (a TLS handshake) or a cold JVM, so it is not compared. */
  readonly anyTime?: boolean
  /** On a real machine it is chance which states a question finds. */
  readonly statesByChance?: boolean
}

export const inTurn = (...captures: readonly string[]): readonly Step[] => captures.map(capture => ({ capture }))

export const SERIES: Readonly<Record<string, readonly Step[]>> = {
  'a life': [
    { capture: '01-first-connect', fresh: {}, act: 'start' },
    ...inTurn(
      '02-health-empty',
      '03-queryAllBiz-empty',
      '04-install-file-url',
      '05-queryAllBiz-one',
      '06-install-same-again',
      '07-install-http-url',
      '08-queryAllBiz-two',
      '09-health-two',
      '10-install-second-version',
      '11-queryAllBiz-two-versions',
      '12-uninstall-active-version',
      '13-queryAllBiz-after-that',
      '14-install-older-while-newer-deactivated',
      '15-queryAllBiz',
      '16-uninstallThenInstall',
      '17-queryAllBiz',
      '18-uninstallThenInstall-unreachable',
      '19-queryAllBiz',
      '20-uninstall',
      '21-uninstall-absent',
      '22-queryAllBiz',
      '23-install-broken',
      '24-queryAllBiz-after-broken',
      '25-install-broken-again',
      '26-uninstall-broken',
      '27-install-args-envs',
      '28-uninstallThenInstall-broken',
      '29-install-unknown-strategy',
      '30-uninstall-master',
    ),
    { capture: '31-sigterm', act: 'kill' },
  ],
  'URLs and names': [
    { capture: '40-url-refused', fresh: {} },
    ...inTurn(
      '41-url-404',
      '42-url-unknown-host',
      '43-url-oss',
      '44-url-no-scheme',
      '45-url-missing-file',
      '46-url-not-a-jar',
      '47-url-jar-not-a-biz',
      '48-url-directory',
    ),
    { capture: '49-url-https-closed', anyTime: true },
    { capture: '50-url-redirect' },
    { capture: '51-name-mismatch', bizs: [] },
    ...inTurn('52-name-mismatch-queryAllBiz', '53-name-mismatch-uninstall', '54-name-mismatch-again'),
    { capture: '55-no-name-no-version', bizs: [] },
    ...inTurn('56-name-only', '57-no-url', '58-empty-object', '59-uninstall-empty-object'),
  ],
  'what no base expects': [
    { capture: '60-malformed', fresh: {} },
    ...inTurn('61-empty-payload', '62-array', '63-args-wrong-type', '64-args-string', '65-extra-fields'),
    ...inTurn('66-unknown-command', '67-switchBiz', '68-health-malformed', '69-health-empty-payload'),
    ...inTurn('70-health-bad-type', '71-health-type-biz', '72-queryAllBiz-empty-payload', '73-queryAllBiz-malformed'),
    { capture: '74-async', settleMs: 300 },
    { capture: '75-async-queryAllBiz', statesByChance: true },
    ...inTurn('76-async-again', '77-async-no-id', '78-qos0', '79-uninstall-no-version'),
  ],
  'several at once': [
    { capture: '80-two-installs-same-biz', fresh: {} },
    { capture: '81-install-then-uninstall-at-once', bizs: [] },
    { capture: '82-two-bizs-in-parallel', bizs: [] },
    { capture: '83-two-versions-in-parallel', bizs: [] },
    { capture: '84-queryAllBiz' },
    { capture: '85-seven-installs-at-once', bizs: [], statesByChance: true },
    { capture: '86-slow-uninstall', bizs: ['biz1:0.0.1'] },
    { capture: '87-queryAllBiz' },
    { capture: '88-uninstall-throws', bizs: ['biz1:0.0.1'] },
    ...inTurn('89-queryAllBiz', '90-hanging-url', '91-five-hanging-urls'),
  ],
  baselines: [
    { capture: '100-baseline-two', fresh: {} },
    ...inTurn(
      '101-baseline-again',
      '102-baseline-one-broken',
      '103-queryAllBiz',
      '104-baseline-one-unreachable',
      '105-queryAllBiz',
      '106-baseline-empty',
      '107-baseline-object',
      '108-baseline-malformed',
      '109-baseline-zero-length',
      '110-baseline-no-url',
      '111-baseline-strategy',
      '112-queryAllBiz',
      '113-baseline-vs-install',
      '114-two-baselines',
      '115-baseline-two-versions',
      '116-queryAllBiz',
      '117-baseline-on-T-baseline',
    ),
  ],
  'restart and retained': [
    { capture: '118-kill9-restart', fresh: {}, bizs: ['biz1:0.0.1'], act: 'restart' },
    ...inTurn('119-queryAllBiz-after-restart', '120-retained-install'),
    { capture: '121-retained-replay-on-restart', act: 'restart', anyTime: true },
    { capture: '122-retained-clear' },
  ],
  'activate.new.module': [
    { capture: '130-activate-new-module', fresh: { flags: { activateNewModule: true } }, bizs: ['biz1:0.0.1'] },
    { capture: '131-queryAllBiz' },
  ],
  'failed bizs are kept': [
    // That base ran with both flags: the two versions of the captures before it are still there.
    {
      capture: '132-broken-kept',
      fresh: { flags: { keepFailed: true, activateNewModule: true } },
      bizs: ['biz1:0.0.1', 'biz1:0.0.2'],
    },
    ...inTurn('133-queryAllBiz-broken', '134-broken-again', '135-broken-uninstall', '136-queryAllBiz'),
  ],
  'several versions active': [
    {
      capture: '137-multi-version-active',
      fresh: { flags: { multiVersionActive: true } },
      bizs: ['biz1:0.0.1', 'biz1:0.0.2'],
    },
  ],
  'env in upper case': [{ capture: '138-env-upper-case', fresh: { env: 'PROD' }, act: 'start' }],
  "upstream's own metadata": [
    {
      capture: '145-default-metadata-hook',
      fresh: {
        env: 'default',
        identity: '192.0.2.2',
        ip: '192.0.2.2',
        name: 'TO_BE_IMPLEMENTED',
        clusterName: 'default',
      },
      act: 'start',
    },
  ],
  'a swap without waiting': [
    { capture: '151-swap-without-waiting', fresh: { identity: 'c1' }, bizs: ['biz2:0.0.1'] },
    { capture: '152-queryAllBiz' },
  ],
  'no metaspace limit': [{ capture: '153-health-no-metaspace-limit', fresh: { metaspaceMaxBytes: -1 } }],
  'an unknown CA': [{ capture: '154-https-unknown-ca', fresh: {}, anyTime: true }],
  'a known CA': [{ capture: '157-https-known-ca', fresh: { trusted: true }, anyTime: true }],
}

/** Replayed by a test of their own (`courses.test.ts`): no list of commands and answers, but a course of events. */
export const OWN_TEST = [
  '123-broker-restart-3s',
  '124-broker-restart-15s',
  '140-broker-absent-at-start',
  '141-answer-lost-in-broker-outage',
  '142-two-bases-one-identity',
  '143-broker-restart-70s',
  '150-static-modules',
  '155-retained-replay-on-reconnect',
  '156-no-heart-after-outage',
]

/** The simulator speaks TLS with Node's library, so what a JVM refuses in a handshake is not its to show. */
export const NOT_REPLAYED: Readonly<Record<string, string>> = {
  '144-tls': 'whether a JVM reads a PKCS#1 or a PKCS#8 key',
  '158-tls-name-and-version': 'which TLS versions and host names a JVM accepts',
}
