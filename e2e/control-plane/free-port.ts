import { createServer } from 'node:net'

/** Below the range from which systems hand out ports to outgoing connections: one that is free stays so over a restart. */
const LOWEST = 20_000
const HIGHEST = 29_999

const canListen = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** Free at this moment; whoever wants it should bind it soon. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1))
    if (await canListen(port)) return port
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} on loopback`)
}

/** Different ones, by name. */
export async function freePorts<K extends string>(...names: readonly K[]): Promise<Record<K, number>> {
  const ports = new Set<number>()
  while (ports.size < names.length) ports.add(await freePort())
  const inOrder = [...ports]
  return Object.fromEntries(names.map((name, index) => [name, inOrder[index]])) as Record<K, number>
}
