import type { BaseOptions } from './base-options.ts'
import type { SimulatedBase } from './simulated-base.ts'

/** What the prompt plays on. */
export interface Herd {
  readonly bases: readonly SimulatedBase[]
  get(identity: string): SimulatedBase | undefined
  start(options: BaseOptions): Promise<SimulatedBase>
}

export interface Reply {
  readonly ok: boolean
  readonly lines: readonly string[]
  readonly quit?: boolean
}

interface Verb {
  readonly usage: string
  readonly does: string
  readonly run: (base: SimulatedBase, words: readonly string[]) => string | Promise<string>
}

/** Every verb that is said to one base: `<verb> <base> …`. */
const VERBS: Readonly<Record<string, Verb>> = {
  beat: plain('beat', 'beat again, now and every 10 s', base => base.startBeating()),
  mute: plain('mute', 'stop beating; it still answers', base => base.stopBeating()),
  die: plain('die', 'kill -9', base => base.kill()),
  deaf: plain('deaf', 'take commands, answer nothing, beat on', base => base.deaf()),
  hear: plain('hear', 'end deaf, pause and mute', base => base.resume()),
  pause: plain('pause', 'freeze the process', base => base.pause()),
  cut: plain('cut', 'cut its network', base => base.cutOff()),
  join: plain('join', 'mend its network; it notices in its own time', base => base.rejoin()),
  who: {
    usage: 'who <base> <path>',
    does: 'who answers HTTP there',
    run: (base, [path]) => base.answersAt(needed(path, 'a path')) ?? 'nobody',
  },
  modules: { usage: 'modules <base>', does: 'what it runs', run: base => modules(base) },
  restart: {
    usage: 'restart <base> [ip]',
    does: 'a new process without modules',
    run: async (base, [ip]) => {
      await base.restart(ip ? { ip } : {})
      return `${base.identity} restarted at ${base.ip}`
    },
  },
  refuse: {
    usage: 'refuse <base> <biz> [message]',
    does: 'its main throws from now on',
    run: (base, [biz, ...message]) => {
      base.refuse(needed(biz, 'a biz'), message.join(' ') || undefined)
      return `${base.identity} refuses ${biz}`
    },
  },
  accept: {
    usage: 'accept <base> <biz or URL>',
    does: 'end refuse and hang',
    run: (base, [biz]) => {
      base.accept(needed(biz, 'a biz or URL'))
      return `${base.identity} accepts ${biz}`
    },
  },
  hang: {
    usage: 'hang <base> <biz or URL>',
    does: 'its downloads never end',
    run: (base, [biz]) => {
      base.hang(needed(biz, 'a biz or URL'))
      return `${base.identity} hangs at ${biz}`
    },
  },
  slow: {
    usage: 'slow <base> <ms>',
    does: 'how long its installs take',
    run: (base, [ms]) => {
      base.setInstallMs(milliseconds(ms))
      return `${base.identity} installs in ${ms} ms`
    },
  },
}

const HELP: readonly string[] = [
  ['list', 'all bases'],
  ['start <base> [name] [version]', 'a new base, or a dead one again'],
  ['  … [biz:version …]', 'modules that a new one was shipped with'],
  ...Object.values(VERBS).map(({ usage, does }) => [usage, does]),
  ['help', 'this'],
  ['quit', 'end all bases'],
].map(([usage = '', does]) => `  ${usage.padEnd(32)}${does}`)

/** Carries out one line. Never throws: what is wrong is said in the reply. */
export async function runLine(line: string, herd: Herd): Promise<Reply> {
  const [word = '', ...rest] = line.trim().split(/\s+/)
  try {
    switch (word) {
      case '':
        return { ok: true, lines: [] }
      case 'quit':
      case 'exit':
        return { ok: true, lines: [], quit: true }
      case 'help':
        return { ok: true, lines: HELP }
      case 'list':
        return { ok: true, lines: herd.bases.map(summary) }
      case 'start':
        return { ok: true, lines: [await start(rest, herd)] }
      default:
        return { ok: true, lines: (await say(word, rest, herd)).split('\n') }
    }
  } catch (error) {
    return { ok: false, lines: [error instanceof Error ? error.message : String(error)] }
  }
}

function plain(word: string, does: string, act: (base: SimulatedBase) => void): Verb {
  const run = (base: SimulatedBase) => {
    act(base)
    return `${word} ${base.identity}: done`
  }
  return { usage: `${word} <base>`, does, run }
}

async function say(word: string, [identity, ...words]: readonly string[], herd: Herd): Promise<string> {
  const known = Object.hasOwn(VERBS, word) ? VERBS[word] : undefined
  if (!known) throw new Error(`unknown: ${word} (try: help)`)
  const base = herd.get(needed(identity, `a base: ${known.usage}`))
  if (!base) throw new Error(`no base ${identity}; there are ${herd.bases.map(one => one.identity).join(', ')}`)
  return known.run(base, words)
}

async function start([identity, name, version, ...shipped]: readonly string[], herd: Herd): Promise<string> {
  const known = herd.get(needed(identity, 'an identity: start <base> [name] [version] [biz:version …]'))
  const base = known
    ? await known.start()
    : await herd.start({
        identity: identity ?? '',
        ...(name && { name }),
        ...(version && { version }),
        staticModules: shipped.map(shippedModule),
      })
  return `${base.identity} started: ${summary(base)}`
}

function shippedModule(word: string): { readonly name: string; readonly version: string } {
  const [name = '', version] = word.split(':')
  return { name, version: needed(version, `a version: ${word}:1.0.0`) }
}

const needed = (word: string | undefined, what: string): string => {
  if (!word) throw new Error(`needs ${what}`)
  return word
}

function milliseconds(word: string | undefined): number {
  const ms = Number(needed(word, 'milliseconds'))
  if (!Number.isFinite(ms) || ms < 0) throw new Error(`${word} is no number of milliseconds`)
  return ms
}

function summary(base: SimulatedBase): string {
  const { name, version } = base.metadata
  const state = base.alive ? [base.connected ? 'connected' : 'offline', base.beating ? 'beating' : 'silent'] : ['dead']
  return [base.identity, `${name} ${version}`, base.ip, state.join(', '), `${base.bizs().length} modules`].join('  ')
}

function modules(base: SimulatedBase): string {
  const lines = base.bizs().map(({ name, version, state }) => `${name} ${version} ${state}`)
  return lines.length > 0 ? lines.join('\n') : `${base.identity} runs no module`
}
