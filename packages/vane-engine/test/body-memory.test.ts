import { Buffer } from 'node:buffer'
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2'
import { connect, type Socket } from 'node:net'
import type { EngineLimits } from 'vane-engine'
import { DEFAULT_RETRY, type FetchSpec } from 'vane-core'
import { describe, expect, test } from 'vitest'
import { createFakeWasm, type FakePlugin } from './support/fake-wasm.ts'
import { F, frame, T, u32 } from './support/frame-client.ts'
import { head, startFrames } from './support/frame-upstream.ts'
import { graphOf, proxyTo } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { PLAIN_ANSWER } from './support/recording-upstream.ts'
import { startEngine, type StartedEngine } from './support/start-engine.ts'
import { readAll, startRawUpstream, startUpstream, type TestServer } from './support/upstream.ts'
import { until } from './support/until.ts'

const KIB = 1_024
const SHARE = 1_024 * KIB
const LIMITS = { maxBufferedBytes: 2 * SHARE, maxBufferedBytesPerIp: SHARE, exemptLoopback: false }
const BODY_LIMIT = 512 * KIB

const looks: FakePlugin = { l7Request: () => ({ tag: 'continue' }), l7Response: () => ({ tag: 'continue' }) }

interface Options {
  readonly kinds?: readonly ('l7-request' | 'l7-response')[]
  readonly plugin?: FakePlugin
  readonly limits?: Partial<EngineLimits>
  readonly retry?: Partial<Extract<FetchSpec, { type: 'http_proxy' }>['retry']>
  readonly bodyLimit?: number
  readonly version?: 'h2'
}

/** A proxy whose plugin has to see bodies whole. */
async function startCollecting(port: number, options: Options = {}): Promise<StartedEngine> {
  const { kinds = ['l7-request'], plugin = looks, limits, retry, bodyLimit = 2 * SHARE, version } = options
  const wasm = createFakeWasm(plugin)
  const chain = kinds.map((kind) => ({ name: 'fake:look', pluginPath: wasm.path, needsBody: true, kind, bodyLimit }))
  const spec = {
    ...proxyTo(port, version === undefined ? {} : { version }),
    retry: { ...DEFAULT_RETRY, ...retry },
  } as FetchSpec
  return startEngine(graphOf(spec, chain), { wasm: wasm.runtime, limits: { ...LIMITS, ...limits } })
}

/** An HTTP/2 client on one connection from an address of this machine. */
function openSession(port: number, localAddress: string): ClientHttp2Session & Disposable {
  const session = connectHttp2(`http://127.0.0.1:${port}`, {
    createConnection: () => connect({ port, host: '127.0.0.1', localAddress }),
  })
  session.on('error', () => {})
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() })
}

interface Upload {
  readonly stream: ClientHttp2Stream
  status: number | undefined
  isSent: boolean
}

/** Begins a request of so many bytes, whose end does not come by itself. */
function upload(session: ClientHttp2Session, bytes: number, path = '/'): Upload {
  const stream = session.request({ ':method': 'POST', ':path': path })
  const begun: Upload = { stream, status: undefined, isSent: false }
  stream.on('error', () => {})
  stream.on('response', (fields) => (begun.status = fields[':status']))
  stream.resume()
  stream.write(Buffer.alloc(bytes), (error) => (begun.isSent = error === undefined || error === null))
  return begun
}

const heldBy = (vane: StartedEngine): number => vane.engine.stats().bufferedBytes
const returned = (vane: StartedEngine): Promise<unknown> =>
  until(`all given back, of which ${heldBy(vane)} are held`, () => {
    const { bufferedBytes, requests } = vane.engine.stats()
    return bufferedBytes === 0 && requests.active === 0
  })

const swallow = (): Promise<TestServer> => startUpstream(async (req, res) => res.end(`${(await readAll(req)).length}`))

test('many streams of one client hold no more than its share, and another client has its own', async () => {
  await using upstream = await swallow()
  await using vane = await startCollecting(upstream.port)
  let peak = 0
  {
    using greedy = openSession(vane.port, '127.0.0.1')
    const uploads = Array.from({ length: 60 }, () => upload(greedy, 200 * KIB))
    await until('each to be in memory or refused', () => {
      peak = Math.max(peak, heldBy(vane))
      return uploads.every(({ isSent, status }) => isSent || status !== undefined)
    })
    const refused = uploads.filter(({ status }) => status === 503)
    expect(peak).toBeGreaterThan(SHARE / 4)
    expect(peak).toBeLessThanOrEqual(SHARE)
    expect(refused.length).toBeGreaterThanOrEqual(60 - SHARE / (200 * KIB))
    expect(uploads.filter(({ status }) => status !== undefined && status !== 503)).toEqual([])
    expect(vane.engine.stats().limitHits).toEqual({ max_buffered_bytes_per_ip: refused.length })

    using modest = openSession(vane.port, '127.0.0.2')
    const other = upload(modest, SHARE)
    other.stream.end()
    await until('the other to be served', () => other.status)
    expect(other.status).toBe(200)

    // Only streams end: those that had room go on to their end.
    const rest = uploads.filter(({ status }) => status === undefined)
    expect(rest.length).toBeGreaterThan(0)
    for (const { stream } of rest) stream.end()
    await until('the rest to be served', () => rest.every(({ status }) => status === 200))
    expect(greedy.closed).toBe(false)
  }
  await returned(vane)
  using again = openSession(vane.port, '127.0.0.1')
  const whole = upload(again, SHARE)
  whole.stream.end()
  await until('the first to be served again', () => whole.status)
  expect(whole.status).toBe(200)
})

test('all clients together hold no more than there is', async () => {
  await using upstream = await swallow()
  await using vane = await startCollecting(upstream.port)
  using stack = new DisposableStack()
  const uploads = [1, 2, 3, 4].map((n) => upload(stack.use(openSession(vane.port, `127.0.0.${n}`)), SHARE))
  let peak = 0
  await until('each to be in memory or refused', () => {
    peak = Math.max(peak, heldBy(vane))
    return uploads.every(({ isSent, status }) => isSent || status !== undefined)
  })
  expect(peak).toBeLessThanOrEqual(2 * SHARE)
  expect(uploads.filter(({ status }) => status === 503).length).toBeGreaterThanOrEqual(2)
  expect(vane.engine.stats().limitHits['max_buffered_bytes']).toBeGreaterThanOrEqual(2)
})

describe('a request over HTTP/1.1 that finds no room', () => {
  const post = (framing: string): string => `POST / HTTP/1.1\r\nhost: a\r\n${framing}\r\n\r\n`
  test.each([
    ['is declared', `content-length: ${SHARE + 1}`, ''],
    [
      'comes in chunks',
      'transfer-encoding: chunked',
      `${(SHARE + 1).toString(16)}\r\n${'x'.repeat(SHARE + 1)}\r\n0\r\n\r\n`,
    ],
  ])('is answered with 503 where its body %s', async (_how, framing, body) => {
    await using upstream = await swallow()
    await using vane = await startCollecting(upstream.port)
    using client = await connectRaw(vane.port)
    client.send(`${post(framing)}${body}`)
    expect(await client.received('\r\n\r\n')).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/)
    client.socket.destroy()
    await returned(vane)
    const { errors, limitHits } = vane.engine.stats()
    expect([errors.resource, limitHits]).toEqual([1, { max_buffered_bytes_per_ip: 1 }])
    expect(upstream.sockets).toEqual([])
    const told = vane.logs.filter(({ message }) => /limit hit|request failed/.test(message))
    expect(told).toMatchObject([
      { level: 'warn', message: 'limit hit', fields: { limit: 'max_buffered_bytes_per_ip', address: '127.0.0.1' } },
      { level: 'debug', message: 'request failed', fields: { err: { category: { reason: 'body-memory' } } } },
    ])
  })
})

test('a response that finds no room becomes a 503, and its upstream is let go', async () => {
  let isGone = false
  await using upstream = await startUpstream((_req, res) => {
    res.on('close', () => (isGone = true))
    res.write(Buffer.alloc(SHARE + 1))
  })
  await using vane = await startCollecting(upstream.port, { kinds: ['l7-response'] })
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 503 /,
  )
  await until('upstream let go', () => isGone)
  await returned(vane)
  expect(vane.engine.stats().limitHits).toEqual({ max_buffered_bytes_per_ip: 1 })
})

test('bodies that stream take nothing of it', async () => {
  await using upstream = await swallow()
  await using vane = await startCollecting(upstream.port, { kinds: [] })
  using session = openSession(vane.port, '127.0.0.1')
  const streamed = upload(session, 4 * SHARE)
  streamed.stream.end()
  await until('response', () => streamed.status)
  expect(streamed.status).toBe(200)
  expect(vane.engine.stats().limitHits).toEqual({})
})

test('a response that its client does not take is held until it does', async () => {
  await using upstream = await startUpstream((_req, res) => res.end(Buffer.alloc(SHARE)))
  await using vane = await startCollecting(upstream.port, { kinds: ['l7-response'] })
  using session = openSession(vane.port, '127.0.0.1')
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  await new Promise((resolve) => stream.once('response', resolve))
  expect(heldBy(vane)).toBe(SHARE)
  stream.resume()
  await returned(vane)
})

describe('an upstream that answers before it has read the body', () => {
  const BIG = 24 * SHARE
  const limits = { maxBufferedBytes: 2 * BIG, maxBufferedBytesPerIp: 2 * BIG }
  /** Sends one, takes the answer and goes. */
  async function sendBig(vane: StartedEngine): Promise<void> {
    using session = openSession(vane.port, '127.0.0.1')
    const sent = upload(session, BIG)
    sent.stream.end()
    expect(await until('answer', () => sent.status)).toBe(200)
    await until('request over', () => vane.engine.stats().requests.active === 0)
  }

  test.each([
    ['takes it later', (socket: Socket) => void socket.resume()],
    ['goes', (socket: Socket) => void socket.destroy()],
  ])('over HTTP/1.1: it is counted until that %s, and the connection carries no other request', async (_how, end) => {
    await using upstream = await startRawUpstream((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.pause()
        socket.write(PLAIN_ANSWER)
      })
    })
    await using vane = await startCollecting(upstream.port, { bodyLimit: BIG, limits })
    await sendBig(vane)
    expect(heldBy(vane)).toBeGreaterThanOrEqual(BIG)
    expect(vane.engine.stats().upstreams).toMatchObject([{ idle: 0 }])
    const [first] = upstream.sockets
    const other = await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    expect(other).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.sockets).toHaveLength(2)
    expect(heldBy(vane)).toBeGreaterThanOrEqual(BIG)
    end(first!)
    await returned(vane)
  })

  test('over HTTP/2: it is counted until the stream has ended', async () => {
    await using upstream = await startFrames()
    await using vane = await startCollecting(upstream.port, { bodyLimit: BIG, limits, version: 'h2' })
    const answered = sendBig(vane)
    const { peer } = await upstream.request(1)
    peer.send(head(1, [], F.end))
    await answered
    expect(heldBy(vane)).toBeGreaterThanOrEqual(BIG)
    peer.send(frame(T.rst, 0, 1, u32(0)))
    await returned(vane)
  })
})

/** Ways for a request to end, which it names in its path, and what its client is told where it waits for that. */
const WAYS = {
  ok: 200,
  trap: 500,
  short: 403,
  replace: 201,
  'trap-late': 500,
  die: 502,
  'die-within': 502,
  retried: 200,
  big: 502,
  over: 413,
  stop: 408,
  /** Its client goes within its own body, or within that of the response. */
  leave: undefined,
  'leave-late': undefined,
} as const
type Way = keyof typeof WAYS

const PART = 50 * KIB
/** Status of the upstream's answer: that is what the plugin on the way back sees. */
const ANSWERS: Readonly<Partial<Record<Way, number>>> = { replace: 201, 'trap-late': 202 }

/** Serves them. `asked` has the path of each request that has come to the upstream whole. */
async function startWays(): Promise<StartedEngine & { readonly asked: Set<string> }> {
  const asked = new Set<string>()
  const begun = new Set<string>()
  const upstream = await startUpstream(async (req, res) => {
    const [, way = '', id = ''] = (req.url ?? '').split('/')
    if (way === 'retried' && !begun.has(id)) {
      begun.add(id)
      req.socket.destroy()
      return
    }
    await readAll(req)
    asked.add(req.url ?? '')
    res.statusCode = ANSWERS[way as Way] ?? 200
    if (way === 'die') req.socket.destroy()
    else if (way === 'die-within') res.write(Buffer.alloc(PART), () => res.destroy())
    else if (way === 'leave-late') res.write(Buffer.alloc(PART))
    else res.end(Buffer.alloc(way === 'big' ? BODY_LIMIT + 1 : PART))
  })
  const plugin: FakePlugin = {
    // Later, so that clients may leave in the meantime.
    l7Request: async ({ uri }) => {
      await new Promise((resolve) => setImmediate(resolve))
      if (uri.startsWith('/trap/')) throw new Error('trapped')
      if (!uri.startsWith('/short/')) return { tag: 'continue' }
      return { tag: 'short', val: { status: 403, headers: [], body: Buffer.from('no') } }
    },
    l7Response: ({ status }) => {
      if (status === 202) throw new Error('trapped')
      if (status !== 201) return { tag: 'continue' }
      return { tag: 'modify', val: { status: undefined, headers: undefined, body: Buffer.from('new') } }
    },
  }
  const vane = await startCollecting(upstream.port, {
    kinds: ['l7-request', 'l7-response'],
    plugin,
    bodyLimit: BODY_LIMIT,
    limits: { bodyIdleTimeoutMs: 2_500, maxBufferedBytes: 64 * SHARE, maxBufferedBytesPerIp: 64 * SHARE },
    retry: { maxAttempts: 2, methods: ['POST'] },
  })
  return {
    ...vane,
    asked,
    async [Symbol.asyncDispose]() {
      await vane[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** A client's side of one request, whatever its version of HTTP. */
interface Sender {
  send(bytes: number): void
  end(): void
  leave(): void
  readonly status: () => number | undefined
}

function sendOverHttp2(session: ClientHttp2Session, path: string): Sender {
  const { stream, ...rest } = upload(session, 1, path)
  let status = rest.status
  stream.on('response', (fields) => (status = fields[':status']))
  return {
    send: (bytes) => void stream.write(Buffer.alloc(bytes)),
    end: () => void stream.end(),
    leave: () => stream.close(constants.NGHTTP2_CANCEL),
    status: () => status,
  }
}

async function sendOverHttp1(port: number, path: string): Promise<Sender> {
  const client = await connectRaw(port)
  client.send(`POST ${path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n`)
  return {
    send: (bytes) => client.send(`${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`),
    end: () => client.send('0\r\n\r\n'),
    // One that only ends its side may still wait for its response.
    leave: () => void client.socket.resetAndDestroy(),
    status: () => (client.text.includes('\r\n\r\n') ? Number(client.text.slice(9, 12)) : undefined),
  }
}

/** Takes a request to its end. */
async function go(
  way: Way,
  sender: Sender,
  { vane, isAsked }: { vane: StartedEngine; isAsked: () => boolean },
): Promise<void> {
  sender.send(way === 'over' ? BODY_LIMIT + 1 : PART)
  if (way === 'leave') {
    await until('some of it in memory', () => heldBy(vane) > 0)
    sender.leave()
    return
  }
  if (way !== 'stop' && way !== 'over') sender.end()
  if (way === 'leave-late') {
    await until('the upstream to be asked', isAsked)
    sender.leave()
    return
  }
  const status = await until(`answer to ${way}`, sender.status)
  expect([way, status]).toEqual([way, WAYS[way]])
}

test('however requests end, nothing stays counted', async () => {
  await using vane = await startWays()
  const ways = Object.keys(WAYS) as Way[]
  let id = 0
  let peak = 0
  for (let round = 0; round < 2; round++) {
    // One that a 500 was answered on takes no more.
    using session = openSession(vane.port, '127.0.0.1')
    const all = ways.flatMap((way) =>
      [0, 1, 2, 3].map(async (n) => {
        const path = `/${way}/${++id}`
        const sender = n < 2 ? sendOverHttp2(session, path) : await sendOverHttp1(vane.port, path)
        await go(way, sender, { vane, isAsked: () => vane.asked.has(path) })
        peak = Math.max(peak, heldBy(vane))
        sender.leave()
      }),
    )
    await Promise.all(all)
    await returned(vane)
  }
  expect(peak).toBeGreaterThan(0)
  expect(vane.engine.stats().limitHits).toEqual({ body_idle_timeout: 8 })
})

test('a connection that goes takes with it what all of its streams held', async () => {
  await using upstream = await swallow()
  await using vane = await startCollecting(upstream.port)
  const session = openSession(vane.port, '127.0.0.1')
  for (let n = 0; n < 10; n++) upload(session, 50 * KIB)
  await until('ten in memory', () => heldBy(vane) >= 500 * KIB)
  session.destroy()
  await returned(vane)
})
