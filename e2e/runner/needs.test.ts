import { expect, test } from 'vitest'
import { NEEDS, type Need, unmetNeeds } from './needs.ts'

const aNeed = (name: string, missing?: string): Need & { asked: number } => ({
  name,
  isNeededBy: ({ text }) => text.includes(name),
  asked: 0,
  async get() {
    this.asked += 1
    return missing
  },
})
const importing = (path: string, name: string) => ({ path, text: `import { a } from './${name}.ts'` })

test('only what a file imports is fetched', async () => {
  const [broker, cluster] = [aNeed('broker'), aNeed('cluster')]
  expect(await unmetNeeds([importing('a.test.ts', 'broker')], [broker, cluster])).toEqual({ files: [], why: [] })
  expect([broker.asked, cluster.asked]).toEqual([1, 0])
})

test('a file whose need is not met is left out, with how to meet it', async () => {
  const files = [importing('a.test.ts', 'broker'), importing('b.test.ts', 'cluster')]
  const unmet = await unmetNeeds(files, [aNeed('broker', 'broker is not here: buy one'), aNeed('cluster')])
  expect(unmet).toEqual({ files: ['a.test.ts'], why: ['a.test.ts: broker is not here: buy one'] })
})

test('a need of the whole stage leaves all of its files out', async () => {
  const files = [importing('a.test.ts', 'broker'), importing('b.test.ts', 'cluster')]
  const unmet = await unmetNeeds(files, [aNeed('jdk', 'there is no JDK'), aNeed('broker')], 'jdk')
  expect(unmet).toEqual({
    files: ['a.test.ts', 'b.test.ts'],
    why: ['a.test.ts: there is no JDK', 'b.test.ts: there is no JDK'],
  })
})

test('journeys need a cluster, suites with Mosquitto need Mosquitto, others nothing', () => {
  const neededBy = (path: string, text = '') =>
    NEEDS.filter(need => need.isNeededBy({ path, text })).map(({ name }) => name)
  expect(neededBy('e2e/cluster/deploy.test.ts')).toEqual(['cluster'])
  expect(neededBy('a.test.ts', "import { Mosquitto } from './mosquitto-process.ts'")).toEqual(['mosquitto'])
  expect(neededBy('e2e/java-base/a.java.test.ts')).toEqual(['java'])
  expect(neededBy('a.test.ts', "import { a } from './b.ts'")).toEqual([])
})
