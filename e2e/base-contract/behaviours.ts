import { WEB_BEHAVIOURS } from './web-behaviours.ts'

/**
 * What the operator relies on in a base: each behaviour with the captures that show it. This is the simulator's
 * specification, and what a new release of Koupleless has to be tried against.
 */
export const BEHAVIOURS: Readonly<Record<string, readonly string[]>> = {
  'greets once in its life, then beats every 10 s': ['01-first-connect'],
  'speaks of its env in lower case': ['138-env-upper-case'],
  "goes by upstream's identity where it has none of its own": ['145-default-metadata-hook'],
  'tells its health, with its metaspace and all modules, itself among them': ['02-health-empty', '09-health-two'],
  'tells -1 where its metaspace has no limit': ['153-health-no-metaspace-limit'],
  'lists its modules with their states': ['03-queryAllBiz-empty', '05-queryAllBiz-one', '08-queryAllBiz-two'],
  'installs from a file and over HTTP, and follows redirects': [
    '04-install-file-url',
    '07-install-http-url',
    '50-url-redirect',
  ],
  'installs over HTTPS from whom its trust store knows': ['154-https-unknown-ca', '157-https-known-ca'],
  'says REPEAT_BIZ of what it has, and leaves that alone': ['06-install-same-again'],
  'keeps a second version deactivated beside the first': ['10-install-second-version', '11-queryAllBiz-two-versions'],
  'activates nothing when the active version goes': ['12-uninstall-active-version', '13-queryAllBiz-after-that'],
  'activates what is installed where nothing of that name is active': [
    '14-install-older-while-newer-deactivated',
    '15-queryAllBiz',
  ],
  'removes every version first in uninstallThenInstall': ['16-uninstallThenInstall', '17-queryAllBiz'],
  'and so loses the running one to a URL or a jar that fails': [
    '18-uninstallThenInstall-unreachable',
    '19-queryAllBiz',
    '28-uninstallThenInstall-broken',
  ],
  'takes an unknown strategy for installOnly': ['29-install-unknown-strategy'],
  'uninstalls, and says NOT_FOUND_BIZ of what it has not': ['20-uninstall', '21-uninstall-absent', '22-queryAllBiz'],
  'keeps nothing of a module whose main throws, and tells the cause': [
    '23-install-broken',
    '24-queryAllBiz-after-broken',
    '25-install-broken-again',
    '26-uninstall-broken',
  ],
  'hands args to main': ['27-install-args-envs'],
  'does not uninstall itself': ['30-uninstall-master'],
  'says nothing when it is stopped': ['31-sigterm'],
  'names the cause where a URL cannot be read': [
    '40-url-refused',
    '41-url-404',
    '42-url-unknown-host',
    '43-url-oss',
    '44-url-no-scheme',
    '45-url-missing-file',
    '46-url-not-a-jar',
    '48-url-directory',
    '49-url-https-closed',
  ],
  'names the cause where a jar is no module': ['47-url-jar-not-a-biz'],
  "goes by the jar's manifest, and answers by the command's name": [
    '51-name-mismatch',
    '52-name-mismatch-queryAllBiz',
    '53-name-mismatch-uninstall',
    '54-name-mismatch-again',
    '55-no-name-no-version',
  ],
  'says plainly what a command lacks': [
    '56-name-only',
    '57-no-url',
    '58-empty-object',
    '59-uninstall-empty-object',
    '77-async-no-id',
    '79-uninstall-no-version',
  ],
  'is silent to what it cannot read': [
    '60-malformed',
    '61-empty-payload',
    '62-array',
    '66-unknown-command',
    '67-switchBiz',
    '68-health-malformed',
    '70-health-bad-type',
    '73-queryAllBiz-malformed',
  ],
  'fails on args of another type': ['63-args-wrong-type', '64-args-string'],
  'ignores fields that it does not know': ['65-extra-fields'],
  'answers an empty question': ['69-health-empty-payload', '72-queryAllBiz-empty-payload'],
  'tells the health of modules alone': ['71-health-type-biz'],
  'accepts async commands, and never tells their outcome': ['74-async', '75-async-queryAllBiz', '76-async-again'],
  'takes commands of QoS 0': ['78-qos0'],
  'carries out one command of a name and version at a time, and says conflict to others': [
    '80-two-installs-same-biz',
    '81-install-then-uninstall-at-once',
  ],
  'installs different modules side by side': ['82-two-bizs-in-parallel'],
  'activates the version that comes up first': ['83-two-versions-in-parallel', '84-queryAllBiz'],
  'carries out five commands at a time, and lets questions wait too': ['85-seven-installs-at-once'],
  'shows a module that stops slowly as deactivated until it is gone': ['86-slow-uninstall', '87-queryAllBiz'],
  'is rid of a module that fails to stop': ['88-uninstall-throws', '89-queryAllBiz'],
  'holds the lock of a download that hangs for ever': ['90-hanging-url'],
  'is deaf for ever with five of them': ['91-five-hanging-urls'],
  'installs a baseline': ['100-baseline-two', '111-baseline-strategy', '112-queryAllBiz', '117-baseline-on-T-baseline'],
  'has nothing to do for an empty baseline': ['106-baseline-empty'],
  'fails a baseline whose modules are there already': ['101-baseline-again'],
  'installs the others of a baseline where the main of one throws': ['102-baseline-one-broken', '103-queryAllBiz'],
  'installs none of a baseline where one URL cannot be read': [
    '104-baseline-one-unreachable',
    '105-queryAllBiz',
    '110-baseline-no-url',
  ],
  'is silent to a baseline that it cannot read': ['107-baseline-object', '108-baseline-malformed'],
  'refuses a baseline of nothing': ['109-baseline-zero-length'],
  'has one lock for all baselines, and none against a command': ['113-baseline-vs-install', '114-two-baselines'],
  'tells of two versions in a baseline': ['115-baseline-two-versions', '116-queryAllBiz'],
  'loses its modules with its process, and greets again': ['118-kill9-restart', '119-queryAllBiz-after-restart'],
  'carries out a retained command at each start': [
    '120-retained-install',
    '121-retained-replay-on-restart',
    '122-retained-clear',
  ],
  'with activate.new.module switches to a new version as soon as it is up': [
    '130-activate-new-module',
    '131-queryAllBiz',
  ],
  'keeps failed modules where it is told to': [
    '132-broken-kept',
    '133-queryAllBiz-broken',
    '134-broken-again',
    '135-broken-uninstall',
    '136-queryAllBiz',
  ],
  'runs two active versions where it is told to': ['137-multi-version-active'],
  'swaps two versions without an order between them': ['151-swap-without-waiting', '152-queryAllBiz'],
  ...WEB_BEHAVIOURS,
}

export function behaviourOf(capture: string): string {
  const found = Object.entries(BEHAVIOURS).find(([, captures]) => captures.includes(capture))
  if (!found) throw new Error(`${capture} shows no behaviour: name it in behaviours.ts`)
  return found[0]
}
