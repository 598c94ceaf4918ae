import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../cluster/eventually.ts'
import { TcpProxy } from './proxy.ts'

let server: Server
let proxy: TcpProxy
let draws: number[] = []
const sockets: Socket[] = []

beforeEach(async () => {
  server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await TcpProxy.to({ toPort: (server.address() as AddressInfo).port, random: () => draws.shift() ?? 0 })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await proxy[Symbol.asyncDispose]()
  server.close()
})

interface Caller {
  readonly socket: Socket
  readonly heard: () => string
  readonly isOpen: () => boolean
}

/** One who speaks to the other side, which says everything back. */
async function call(port = proxy.port): Promise<Caller> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  let text = ''
  let isOpen = true
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isOpen = false
  })
  await once(socket, 'connect')
  return { socket, heard: () => text, isOpen: () => isOpen }
}

const hears = (caller: Caller, text: string): Promise<true> =>
  eventually(`hears ${text}`, () => (caller.heard() === text ? true : undefined), 5_000)

test('what passes arrives whole and in order, and an end is passed on', async () => {
  const caller = await call()
  const text = 'x'.repeat(300_000)
  caller.socket.write(`one ${text}`)
  caller.socket.write(' two')
  await hears(caller, `one ${text} two`)
  caller.socket.end()
  await eventually('the other side ended too', () => !caller.isOpen() || undefined)
  expect(proxy.bytes).toBe(2 * (text.length + 8))
})

test('cut: who is connected is thrown off, who comes is refused; afterwards all is well', async () => {
  const before = await call()
  proxy.trouble = { kind: 'cut' }
  await eventually('thrown off', () => !before.isOpen() || undefined)
  const meanwhile = await call()
  await eventually('refused', () => !meanwhile.isOpen() || undefined)
  proxy.trouble = undefined
  const after = await call()
  after.socket.write('again')
  await hears(after, 'again')
  expect(proxy.connectedAtMs).toHaveLength(3)
})

test('a black hole: nothing passes, nobody is told, and what was sent arrives in the end', async () => {
  const caller = await call()
  caller.socket.write('before ')
  await hears(caller, 'before ')
  proxy.trouble = { kind: 'black hole' }
  caller.socket.write('meanwhile ')
  const other = await call()
  other.socket.write('hello')
  // Long enough for it to have arrived: one who goes past the proxy is answered.
  const past = await call((server.address() as AddressInfo).port)
  past.socket.write('sound')
  await hears(past, 'sound')
  expect([caller.heard(), caller.isOpen(), other.isOpen()]).toEqual(['before ', true, true])
  proxy.trouble = undefined
  await hears(caller, 'before meanwhile ')
  await hears(other, 'hello')
})

test('delay: each way takes so long, and the order stays', async () => {
  const caller = await call()
  proxy.trouble = { kind: 'delay', delayMs: 100 }
  const begun = Date.now()
  caller.socket.write('one ')
  await eventually('it passed one way', () => proxy.bytes > 0 || undefined)
  caller.socket.write('two')
  await hears(caller, 'one two')
  expect(Date.now() - begun).toBeGreaterThanOrEqual(2 * 100 - 5)
})

test('throttle: no more than so many bytes a second', async () => {
  const caller = await call()
  proxy.trouble = { kind: 'throttle', bytesPerSecond: 20_000 }
  const begun = Date.now()
  caller.socket.write('x'.repeat(10_000))
  await hears(caller, 'x'.repeat(10_000))
  expect(Date.now() - begun).toBeGreaterThanOrEqual(400)
})

test('garble: now and then a bit of what passes is another', async () => {
  const caller = await call()
  proxy.trouble = { kind: 'garble', everyBytes: 20 }
  // There: struck, the first byte, its lowest bit. Back: not struck.
  draws = [0.4, 0, 0, 0.6]
  caller.socket.write('0123456789')
  await hears(caller, '1123456789')
})
