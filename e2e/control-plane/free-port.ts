import { createServer } from 'node:net'

/** Free at this moment; whoever wants it should bind it soon. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>(resolve => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('no port to be had on loopback')
  return address.port
}

export async function freePorts<K extends string>(...names: readonly K[]): Promise<Record<K, number>> {
  const ports = await Promise.all(names.map(async name => [name, await freePort()] as const))
  return Object.fromEntries(ports) as Record<K, number>
}
