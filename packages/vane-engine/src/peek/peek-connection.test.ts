import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { helloMessage, inRecords } from '../../test/support/client-hello-bytes.ts'
import { until } from '../../test/support/until.ts'
import { MAX_PEEK_BYTES, type Peek, peekConnection } from './peek-connection.ts'

interface Pair extends AsyncDisposable {
  readonly client: Socket
  readonly server: Socket
}

async function pair(): Promise<Pair> {
  const listener = createServer({ allowHalfOpen: true })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const client = connect({ port: (listener.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
  const [server] = (await once(listener, 'connection')) as [Socket]
  for (const socket of [client, server]) socket.on('error', () => {})
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      client.destroy()
      server.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

function peek(socket: Socket, options: { timeoutMs?: number; wantsHello?: boolean } = {}): { result?: Peek } {
  const seen: { result?: Peek } = {}
  peekConnection(socket, { timeoutMs: 5_000, wantsHello: true, ...options }, (result) => (seen.result = result))
  return seen
}

test('whoever reads next gets every byte, those that came before and those that come after', async () => {
  await using sockets = await pair()
  const seen = peek(sockets.server)
  sockets.client.write('GET / HT')
  await until('the first part', () => sockets.server.bytesRead === 8)
  expect(seen.result).toBeUndefined()
  sockets.client.write('TP/1.1\r\nhost: a\r\n')
  const { bytes, protocol, end } = await until('detection', () => seen.result)
  expect([protocol, end, bytes.subarray(0, 16).toString()]).toEqual(['http1', 'detected', 'GET / HTTP/1.1\r\n'])
  sockets.client.end('\r\n')
  let text = ''
  for await (const chunk of sockets.server) text += String(chunk)
  expect(text).toBe('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
})

test('a ClientHello is read across packets and records', async () => {
  await using sockets = await pair()
  const seen = peek(sockets.server)
  const bytes = inRecords(helloMessage({ sni: 'a.test', alpn: ['h2'] }), [1, 2, 3, 50])
  for (let at = 0; at < bytes.length; at += 7) {
    sockets.client.write(bytes.subarray(at, at + 7))
    await until('the packet', () => sockets.server.bytesRead === Math.min(bytes.length, at + 7))
  }
  const result = await until('detection', () => seen.result)
  expect(result).toMatchObject({ protocol: 'tls', hello: { sni: 'a.test', alpn: ['h2'] }, fault: undefined })
})

test('no more is looked at than the limit', async () => {
  await using sockets = await pair()
  const seen = peek(sockets.server)
  const record = Buffer.alloc(2 * MAX_PEEK_BYTES)
  record.set([22, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0x00])
  sockets.client.write(record)
  const result = await until('the limit', () => seen.result)
  expect(result).toMatchObject({
    protocol: 'tls',
    hello: undefined,
    fault: expect.stringMatching(/does not end/) as string,
  })
})

test('a client that says too little is told apart by what it said', async () => {
  await using sockets = await pair()
  const seen = peek(sockets.server, { timeoutMs: 50 })
  sockets.client.write('GE')
  const result = await until('the timeout', () => seen.result)
  expect([result.protocol, result.end, result.bytes.toString()]).toEqual(['unknown', 'timeout', 'GE'])
})

test('a client that ends its side early is told apart by what it said', async () => {
  await using sockets = await pair()
  const seen = peek(sockets.server)
  sockets.client.end('GE')
  const result = await until('the end', () => seen.result)
  expect([result.protocol, result.end, result.bytes.toString()]).toEqual(['unknown', 'ended', 'GE'])
})

test('of a client that breaks off nothing is heard', async () => {
  await using sockets = await pair()
  const seen = peek(sockets.server, { timeoutMs: 50 })
  sockets.client.resetAndDestroy()
  await until('the close', () => sockets.server.closed)
  // By the time that this one has waited for longer, the other would have spoken.
  await using others = await pair()
  const later = peek(others.server, { timeoutMs: 60 })
  await until('the later timeout', () => later.result)
  expect(seen.result).toBeUndefined()
})
