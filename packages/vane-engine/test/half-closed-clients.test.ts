import type { Socket } from 'node:net'
import { issueCertificate } from 'vane-testkit'
import { expect, test } from 'vitest'
import { connectRaw } from './support/raw-client.ts'
import { startRules } from './support/start-rules.ts'
import { readStrictResponses } from './support/strict-message.ts'
import { statusOf } from './support/stand.ts'
import { shakeHands } from './support/tls-client.ts'
import { until } from './support/until.ts'
import { startRawUpstream, startUpstream, type TestServer } from './support/upstream.ts'

// What `printf 'GET …' | nc -N host port` does: the request, the end of the client's side, and then it reads.

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

/** An upstream that answers when it is told to. */
async function startHeldUpstream(): Promise<TestServer & { readonly held: Socket[]; answer(): void }> {
  const held: Socket[] = []
  const server = await startRawUpstream((socket) => {
    socket.on('data', (chunk) => {
      if (chunk.includes('\r\n\r\n')) held.push(socket)
    })
    socket.on('end', () => socket.end())
  })
  return {
    ...server,
    held,
    answer: () => void held.shift()?.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate'),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const proxyTo = (port: number, keys: object = {}): object => ({
  terminate: { type: 'http_proxy', upstream: `127.0.0.1:${port}`, ...keys },
})

test('a client that has ended its side gets its answer, and the end', async () => {
  await using upstream = await startHeldUpstream()
  await using vane = await startRules([proxyTo(upstream.port)], {})
  using client = await connectRaw(vane.port)
  client.socket.end(GET)
  await until('the request', () => upstream.held.length === 1)
  expect(client.closedBy).toBeUndefined()
  upstream.answer()
  expect(await client.closed()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n\r\nlate$/)
  expect(client.closedBy).toBe('end')
  await until('the trajectory', () => vane.trajectories.length === 1)
  expect(vane.trajectories[0]).toMatchObject({ status: 200, outcome: 'response' })
})

test('so does one whose request waits for a connection to the upstream', async () => {
  await using upstream = await startHeldUpstream()
  await using vane = await startRules([proxyTo(upstream.port)], {})
  using all = new DisposableStack()
  for (let i = 0; i < 100; i++) all.use(await connectRaw(vane.port)).send(GET)
  await until('all connections in use', () => upstream.held.length === 100)
  using client = await connectRaw(vane.port)
  client.socket.end(GET)
  await until('a request that waits', () => vane.engine.stats().upstreams[0]?.waiting === 1)
  using gone = await connectRaw(vane.port)
  gone.send(GET)
  await until('another one', () => vane.engine.stats().upstreams[0]?.waiting === 2)
  // A reset, other than an end, tells that nobody reads: that request does not wait any longer.
  gone.socket.resetAndDestroy()
  await until('only the first', () => vane.engine.stats().upstreams[0]?.waiting === 1)
  upstream.answer()
  await until('its request', () => vane.engine.stats().upstreams[0]?.waiting === 0)
  while (client.closedBy === undefined) {
    upstream.answer()
    await until('more to answer, or the end', () => upstream.held.length > 0 || client.closedBy)
  }
  expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nlate$/)
})

test('so does one whose place in the queue never comes: it is told', async () => {
  await using upstream = await startHeldUpstream()
  await using vane = await startRules([proxyTo(upstream.port, { timeouts: { connect: '300ms' } })], {})
  using all = new DisposableStack()
  for (let i = 0; i < 100; i++) all.use(await connectRaw(vane.port)).send(GET)
  await until('all connections in use', () => upstream.held.length === 100)
  using client = await connectRaw(vane.port)
  client.socket.end(GET)
  expect(await client.closed()).toMatch(/^HTTP\/1\.1 503 /)
})

test('several requests before the end are all answered, and a body is passed on whole', async () => {
  const bodies: string[] = []
  await using upstream = await startUpstream((req, res) => {
    let body = ''
    req.on('data', (chunk: Buffer) => (body += chunk.toString()))
    req.on('end', () => {
      bodies.push(body)
      // A response that is not there at once, and comes in parts.
      setTimeout(() => res.write(body.slice(0, 2)), 20)
      setTimeout(() => res.end(body.slice(2)), 40)
    })
  })
  await using vane = await startRules([proxyTo(upstream.port)], {})
  using client = await connectRaw(vane.port)
  const post = (body: string): string => `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const large = 'x'.repeat(300_000)
  client.socket.end(`${post('first')}${post('second')}${post(large)}`)
  const responses = readStrictResponses(await client.closed(), ['POST', 'POST', 'POST'])
  expect(responses.map(statusOf)).toEqual([200, 200, 200])
  expect(bodies.map((body) => body.length)).toEqual([5, 6, large.length])
})

test('an end within a request is a 400, and the upstream gets no whole request', async () => {
  await using upstream = await startHeldUpstream()
  await using vane = await startRules([proxyTo(upstream.port)], {})
  for (const part of [
    'GET / HTTP/1.1\r\nhost: a\r\n',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nabc',
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n',
  ]) {
    using client = await connectRaw(vane.port)
    client.socket.end(part)
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 400 /)
  }
})

test('over TLS, too, where the client says that it has ended', async () => {
  const { chain, key } = issueCertificate({ dnsNames: ['a.test'] })
  await using upstream = await startHeldUpstream()
  const tls = { cert_file: 'a.pem', key_file: 'a.key' }
  await using vane = await startRules([{ ...proxyTo(upstream.port), tls }], { 'a.pem': chain, 'a.key': key })
  using raw = await connectRaw(vane.port)
  const { socket } = await shakeHands(vane.port, { servername: 'a.test', socket: raw.socket })
  socket.allowHalfOpen = true
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.end(GET)
  await until('the request', () => upstream.held.length === 1)
  upstream.answer()
  await until('the end', () => socket.readableEnded)
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nlate$/)
})
