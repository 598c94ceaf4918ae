import { expect, test } from 'vitest'
import { findJdk, type JavaMachine } from './find-jdk.ts'

const aMachine = (has: readonly string[], changes: Partial<JavaMachine> = {}): JavaMachine => ({
  javaHome: undefined,
  find: async (name, folders = '/usr/bin') => (has.includes(name) ? `${folders}/${name}` : undefined),
  versionOf: async () => 'javac 17.0.15',
  ...changes,
})
const ALL = ['java', 'javac', 'jar', 'mvn']

test('JAVA_HOME is where Maven looks, so we look there first', async () => {
  const found = await findJdk(aMachine(ALL, { javaHome: '/opt/jdk' }))
  expect(found).toEqual({
    ok: true,
    jdk: { java: '/opt/jdk/bin/java', jar: '/opt/jdk/bin/jar', mvn: '/usr/bin/mvn' },
  })
})

test.each([
  ['no JDK', aMachine(['java', 'mvn']), 'there is no JDK: apt-get install openjdk-17-jdk-headless'],
  ['a JAVA_HOME that has none', aMachine(['mvn'], { javaHome: '/opt/jre' }), 'no JDK in JAVA_HOME (/opt/jre)'],
  ['one that is too old', aMachine(ALL, { versionOf: async () => 'javac 1.8.0_402' }), 'too old (javac 1.8.0_402'],
  ['no Maven', aMachine(['java', 'javac', 'jar']), 'there is no Maven (mvn): apt-get install maven'],
])('%s: one line says how to get it', async (_what, machine, how) => {
  const found = await findJdk(machine)
  expect(found).toMatchObject({ ok: false, how: expect.stringContaining(how) })
  expect(found.ok || found.how).not.toContain('\n')
})
