import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { createAuthority } from '../control-plane/certificates.ts'

const WARM_UP = 300
const CALLS = 1_000
/** About a Lease. */
const BODY = JSON.stringify({ spec: 'x'.repeat(900) })

/**
 * CPU of the least that an API call can cost here: one PUT over TLS on loopback by undici, in microseconds. Machines differ
 * fivefold in this; figures of two machines compare only as multiples of it.
 */
export async function bareCallCpuUs(): Promise<number> {
  const server = fork(import.meta.filename, ['--serve'], { execArgv: process.execArgv })
  const [port] = (await once(server, 'message')) as [number]
  const pool = new Pool(`https://127.0.0.1:${port}`, { connections: 1, connect: { rejectUnauthorized: false } })
  const call = async (times: number): Promise<void> => {
    for (let nth = 0; nth < times; nth++)
      await (await pool.request({ method: 'PUT', path: '/', body: BODY })).body.text()
  }
  try {
    await call(WARM_UP)
    const before = process.cpuUsage()
    await call(CALLS)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / CALLS
  } finally {
    await pool.destroy()
    server.kill()
  }
}

/** The other end is a process of its own: its CPU is not ours. */
async function serve(): Promise<void> {
  const { cert, key } = await (await createAuthority()).issue('yardstick')
  const server = createServer({ cert, key }, (request, response) => {
    request.resume().on('end', () => response.end(BODY))
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
}

if (process.argv.includes('--serve')) await serve()
