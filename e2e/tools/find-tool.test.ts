import { expect, test } from 'vitest'
import { findTool, type Machine, onPath } from './find-tool.ts'

/** A machine with these programs; `apt-get install` brings what it names, unless there is no leave. */
function aMachine(programs: readonly string[], draft: { isRoot?: boolean; sudoOpens?: boolean } = {}) {
  const present = new Set(programs)
  const commands: string[] = []
  const machine: Machine = {
    isRoot: draft.isRoot ?? false,
    find: async name => (present.has(name) ? `/bin/${name}` : undefined),
    async run(program, args) {
      const command = [program, ...args].join(' ')
      if (program === '/bin/sudo' && !draft.sudoOpens) throw new Error('a password is required')
      commands.push(command)
      if (/\binstall\b/.test(command)) present.add(args.at(-1) ?? '')
    },
  }
  return { machine, commands }
}

test('what is there is taken, and nothing is installed', async () => {
  const { machine, commands } = aMachine(['mosquitto', 'apt-get'], { isRoot: true })
  expect(await findTool('mosquitto', machine)).toEqual({ ok: true, path: '/bin/mosquitto' })
  expect(commands).toEqual([])
})

test('who may use sudo without a password gets it installed, and its service stopped for good', async () => {
  const { machine, commands } = aMachine(['apt-get', 'sudo', 'systemctl'], { sudoOpens: true })
  expect(await findTool('mosquitto', machine)).toEqual({ ok: true, path: '/bin/mosquitto' })
  expect(commands.map(command => command.replace(/.*DEBIAN_FRONTEND=\S+ /, ''))).toEqual([
    '/bin/sudo -n true',
    '/bin/apt-get update -qq -o DPkg::Lock::Timeout=120',
    '/bin/apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 mosquitto',
    '/bin/systemctl disable --now --quiet mosquitto',
  ])
})

test('without leave nothing is tried, and the answer says how to get it', async () => {
  const { machine, commands } = aMachine(['apt-get', 'sudo'])
  const found = await findTool('mosquitto', machine)
  expect(found).toMatchObject({ ok: false, how: expect.stringContaining('apt-get install mosquitto') })
  expect(commands).toEqual([])
})

test('Homebrew needs no root', async () => {
  const { machine, commands } = aMachine(['brew'])
  expect(await findTool('mosquitto', machine)).toMatchObject({ ok: true })
  expect(commands).toEqual(['/bin/brew install --quiet mosquitto'])
})

test('servers are found where a user has no path to', async () => {
  expect(await onPath('node', '')).toBeUndefined()
  expect(await onPath('no-such-program-anywhere')).toBeUndefined()
  expect(await onPath('sh')).toMatch(/\/sh$/)
})
