import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issueCertificate } from 'vane-testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { WebSocket } from 'ws'
import { type ConfigFiles, type StartedRules, startRules } from './support/start-rules.ts'
import { websocketTo } from './support/tunnel-upstream.ts'
import { until } from './support/until.ts'
import { connectWebsocket, startWebsocketUpstream, type WebsocketUpstream } from './support/websocket-server.ts'

const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
const CERTIFICATE = issueCertificate({ dnsNames: ['a.test'], ipAddresses: ['127.0.0.1'], issuer: CA })
const FILES: ConfigFiles = { 'a.pem': CERTIFICATE.chain, 'a.key': CERTIFICATE.key, 'ca.pem': CA.cert }
const LISTENER_TLS = { tls: { cert_file: 'a.pem', key_file: 'a.key' } }

/** One way through the proxy. */
interface Way {
  readonly vane: StartedRules
  readonly upstream: WebsocketUpstream
  readonly url: string
}

const WAYS: readonly (readonly [what: string, open: () => Promise<Way>])[] = [
  [
    'in clear',
    async () => {
      const upstream = await startWebsocketUpstream()
      const vane = await startRules([websocketTo(upstream.port)], {})
      return { vane, upstream, url: `ws://127.0.0.1:${vane.port}/` }
    },
  ],
  [
    'by TLS to us',
    async () => {
      const upstream = await startWebsocketUpstream()
      const vane = await startRules([{ ...websocketTo(upstream.port), ...LISTENER_TLS }], FILES)
      return { vane, upstream, url: `wss://127.0.0.1:${vane.port}/` }
    },
  ],
  [
    'by TLS on both sides',
    async () => {
      const upstream = await startWebsocketUpstream({ tls: { cert: CERTIFICATE.chain, key: CERTIFICATE.key } })
      const rule = websocketTo(upstream.port, { tls: { ca_file: 'ca.pem' } })
      const vane = await startRules([{ ...rule, ...LISTENER_TLS }], FILES)
      return { vane, upstream, url: `wss://127.0.0.1:${vane.port}/` }
    },
  ],
  [
    'to a Unix socket',
    async () => {
      const dir = mkdtempSync(join(tmpdir(), 'vane-ws-'))
      onTestFinished(() => rmSync(dir, { recursive: true }))
      const unixPath = join(dir, 'app.sock')
      const upstream = await startWebsocketUpstream({ unixPath })
      const vane = await startRules([{ terminate: { type: 'websocket', upstream: `unix:${unixPath}` } }], {})
      return { vane, upstream, url: `ws://127.0.0.1:${vane.port}/` }
    },
  ],
]

describe.each(WAYS)('%s', (_what, open) => {
  test('messages of every kind and size come through, and are accounted for', async () => {
    const { vane, upstream, url } = await open()
    await using _both = new AsyncDisposableStack()
    _both.use(upstream)
    _both.use(vane)
    using client = await connectWebsocket(url, [], { ca: CA.cert, perMessageDeflate: false })
    const large = randomBytes(16 << 20)
    client.socket.send('text: äöü €')
    client.socket.send(Buffer.from([0, 1, 0xff]))
    client.socket.send('')
    client.socket.send(large)
    const [text, bytes, empty, back] = await client.received(4)
    expect([text, empty]).toEqual(['text: äöü €', ''])
    expect(bytes).toEqual(Buffer.from([0, 1, 0xff]))
    // Not by `toEqual`, which would print it.
    expect(large.equals(back as Buffer)).toBe(true)
    client.socket.close(4321, 'enough')
    expect(await client.closed()).toEqual({ code: 4321, reason: 'enough' })
    await until('the end', () => vane.trajectories.length === 1)
    const [trajectory] = vane.trajectories
    expect(trajectory).toMatchObject({ status: 101, outcome: 'tunnel', error: undefined })
    // Heads of four frames, masks of a client's, and a frame that closes each way (RFC 6455 §5.2).
    const payload = Buffer.byteLength('text: äöü €') + 3 + large.length
    const heads = 2 + 2 + 2 + 10
    const close = 2 + 2 + 'enough'.length
    expect(trajectory!.bytesIn).toBe(payload + heads + close + 5 * 4)
    expect(trajectory!.bytesOut).toBe(payload + heads + close)
  })

  test('a message in fragments, with pings between them', async () => {
    const { vane, upstream, url } = await open()
    await using _both = new AsyncDisposableStack()
    _both.use(upstream)
    _both.use(vane)
    const pings: string[] = []
    upstream.server.on('connection', (socket) => socket.on('ping', (data) => pings.push(data.toString())))
    using client = await connectWebsocket(url, [], { ca: CA.cert, perMessageDeflate: false })
    const pong = once(client.socket, 'pong')
    client.socket.send('one ', { fin: false })
    client.socket.ping('are you there')
    client.socket.send('two ', { fin: false })
    client.socket.send('three', { fin: true })
    expect(await client.received(1)).toEqual(['one two three'])
    expect(String(await pong)).toBe('are you there')
    expect(pings).toEqual(['are you there'])
  })
})

/** An engine in clear before a server that is told what to do. */
async function openClear(options: Parameters<typeof startWebsocketUpstream>[0] = {}): Promise<Way & AsyncDisposable> {
  const upstream = await startWebsocketUpstream(options)
  const vane = await startRules([websocketTo(upstream.port)], {})
  return {
    upstream,
    vane,
    url: `ws://127.0.0.1:${vane.port}/`,
    async [Symbol.asyncDispose]() {
      await vane[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

test('extensions and subprotocols are agreed on between the two ends', async () => {
  await using way = await openClear({
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (offered) => (offered.has('chat.v2') ? 'chat.v2' : false),
  })
  using client = await connectWebsocket(way.url, ['chat.v1', 'chat.v2'], { perMessageDeflate: { threshold: 0 } })
  expect(client.socket.protocol).toBe('chat.v2')
  expect(client.socket.extensions).toMatch(/^permessage-deflate/)
  const text = 'again and '.repeat(100_000)
  client.socket.send(text)
  expect((await client.received(1))[0] === text).toBe(true)
  client.socket.close()
  await until('the end', () => way.vane.trajectories.length === 1)
  // It was smaller on the way.
  expect(way.vane.trajectories[0]!.bytesIn).toBeLessThan(text.length / 50)
  using plain = await connectWebsocket(way.url, [], { perMessageDeflate: false })
  expect(plain.socket.extensions).toBe('')
})

test.each([1000, 1001, 1011, 4999])('the upstream’s close with %d reaches the client', async (code) => {
  await using way = await openClear({ serve: (socket) => socket.close(code, 'because') })
  using client = await connectWebsocket(way.url)
  expect(await client.closed()).toEqual({ code, reason: 'because' })
})

test('an upstream that dies without a close is an abnormal end', async () => {
  await using way = await openClear({ serve: (socket) => socket.once('message', () => socket.terminate()) })
  using client = await connectWebsocket(way.url)
  client.socket.send('die')
  expect(await client.closed()).toMatchObject({ code: 1006 })
})

test('many tunnels at once are more than an upstream has places for requests', async () => {
  const count = 250
  await using way = await openClear()
  const clients = await Promise.all(Array.from({ length: count }, () => connectWebsocket(way.url)))
  using _all = new DisposableStack()
  for (const client of clients) _all.use(client)
  const [stats] = way.vane.engine.stats().upstreams
  expect(stats).toMatchObject({ active: 0, tunnels: count, waiting: 0, requests: count, failures: 0 })
  const exchanged = clients.map(async (client, index) => {
    for (let i = 0; i < 5; i++) client.socket.send(`${index}: ${i}`)
    return await client.received(5)
  })
  expect(await Promise.all(exchanged)).toEqual(
    clients.map((_client, index) => Array.from({ length: 5 }, (_, i) => `${index}: ${i}`)),
  )
  for (const { socket } of clients) socket.close()
  await until('all trajectories', () => way.vane.trajectories.length === count)
  await until('nothing left', () => way.vane.engine.stats().upstreams[0]!.tunnels === 0)
})

test('handshakes beyond the places of an upstream wait for one', async () => {
  const held: (() => void)[] = []
  await using way = await openClear({
    verifyClient: (_info, grant: (isGranted: boolean) => void) => void held.push(() => grant(true)),
  })
  const clients = Promise.all(Array.from({ length: 103 }, () => connectWebsocket(way.url)))
  await until('requests that wait', () => way.vane.engine.stats().upstreams[0]?.waiting === 3)
  expect(way.vane.engine.stats().upstreams[0]).toMatchObject({ active: 100, tunnels: 0 })
  await until('100 handshakes', () => held.length === 100)
  const release = setInterval(() => held.shift()?.(), 0)
  using _all = new DisposableStack()
  for (const client of await clients) _all.use(client)
  clearInterval(release)
  expect(way.vane.engine.stats().upstreams[0]).toMatchObject({ active: 0, tunnels: 103, waiting: 0 })
})

test('who reads slowly slows the sender down, and not everything in between is kept', async () => {
  const piece = randomBytes(1 << 20)
  const count = 128
  let sender: WebSocket | undefined
  await using way = await openClear({
    perMessageDeflate: false,
    serve: (socket) => {
      sender = socket
      for (let i = 0; i < count; i++) socket.send(piece)
    },
  })
  using client = await connectWebsocket(way.url, [], { perMessageDeflate: false })
  client.socket.pause()
  // What the sender still holds stops becoming less: everything between is full.
  let [last, sinceMs] = [-1, 0]
  await until('a standstill', () => {
    const { bufferedAmount } = sender!
    if (bufferedAmount !== last) [last, sinceMs] = [bufferedAmount, performance.now()]
    return performance.now() - sinceMs > 500
  })
  // The system's buffers on the loopback take a few MiB on each of the two ways.
  expect(last).toBeGreaterThan((count - 48) * piece.length)
  const { bytes } = way.vane.engine.stats()
  expect(bytes.sent).toBeLessThan(32 << 20)
  client.socket.resume()
  const messages = await client.received(count)
  expect(messages.every((message) => piece.equals(message as Buffer))).toBe(true)
})
