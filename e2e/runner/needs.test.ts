import { expect, test } from 'vitest'
import { type Need, unmetNeeds } from './needs.ts'

const aNeed = (name: string, missing?: string): Need & { asked: number } => ({
  name,
  importing: new RegExp(`/${name}\\.ts'`),
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
