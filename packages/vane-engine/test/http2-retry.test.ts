import { once } from 'node:events'
import { createSecureServer, type SecureServerOptions, type ServerHttp2Session } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { issueCertificate } from 'vane-testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectFrames, F, frame, hpack, T, u32 } from './support/frame-client.ts'
import { type FrameUpstream, head, startFrames } from './support/frame-upstream.ts'
import { connectRaw, exchangeRaw, type RawClient } from './support/raw-client.ts'
import { type StartedRules, startRules } from './support/start-rules.ts'
import { closedPort, startRawUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const REFUSED_STREAM = 7
const GET = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
const put = (framing: string, body: string, method = 'PUT'): string =>
  `${method} / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${framing}\r\n\r\n${body}`

const proxy = (port: number, retry: object = {}): object => ({
  terminate: { type: 'http2_proxy', upstream: `127.0.0.1:${port}`, retry: { max_attempts: 3, ...retry } },
})

interface Served extends AsyncDisposable {
  readonly vane: StartedRules
  readonly upstream: FrameUpstream
  readonly client: RawClient
}

/** Sends one request to a proxy before an upstream that is spoken to in frames. */
async function serve(send: string, retry: object = {}): Promise<Served> {
  const upstream = await startFrames()
  const vane = await startRules([proxy(upstream.port, retry)], {})
  const client = await connectRaw(vane.port)
  client.send(send)
  return {
    vane,
    upstream,
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]()
      await vane[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

const retriesOf = ({ vane }: Served): object => {
  const { requests, failures, retries } = vane.engine.stats().upstreams[0]!
  return { requests, failures, retries }
}
const streamsOf = ({ upstream }: Served): number =>
  upstream.peers.reduce((sum, peer) => sum + peer.frames.filter(({ type }) => type === T.headers).length, 0)
const reset = (id: number, code: number): Buffer => frame(T.rst, 0, id, u32(code))
const goaway = (lastId: number): Buffer => frame(T.goaway, 0, 0, u32(lastId, 0))

describe('a stream that is refused', () => {
  test('is an attempt, and the next one another', async () => {
    await using served = await serve(GET)
    for (const id of [1, 3]) {
      const { peer } = await served.upstream.request(id)
      peer.send(reset(id, REFUSED_STREAM))
    }
    const { peer } = await served.upstream.request(5)
    peer.send(head(5, [], F.end))
    expect(await served.client.closed()).toMatch(/^HTTP\/1\.1 200 /)
    expect(retriesOf(served)).toEqual({ requests: 1, failures: 0, retries: 2 })
    await until('trajectory', () => served.vane.trajectories.length === 1)
    expect(served.vane.trajectories[0]!.steps.map(({ branch }) => branch)).toEqual([
      'retry',
      'retry',
      'response',
      'end',
    ])
  })

  test('as often as the rule says is the end', async () => {
    await using served = await serve(GET, { max_attempts: 2 })
    for (const id of [1, 3]) {
      const { peer } = await served.upstream.request(id)
      peer.send(reset(id, REFUSED_STREAM))
    }
    expect(await served.client.closed()).toMatch(/^HTTP\/1\.1 502 /)
    expect(streamsOf(served)).toBe(2)
    expect(retriesOf(served)).toEqual({ requests: 1, failures: 1, retries: 1 })
    await until('trajectory', () => served.vane.trajectories.length === 1)
    expect(served.vane.trajectories[0]!.error).toMatch(/refused the request, in attempt 2 of 2$/)
  })

  test('is sent again at once where the method is not one of the rule’s, as without a rule', async () => {
    await using served = await serve(put('content-length: 4', 'body', 'POST'), { backoff: { fixed: '1h' } })
    for (const id of [1, 3, 5]) {
      const { peer } = await served.upstream.request(id)
      peer.send(reset(id, REFUSED_STREAM))
    }
    expect(await served.client.closed()).toMatch(/^HTTP\/1\.1 502 /)
    expect(streamsOf(served)).toBe(3)
  })

  test('with a body that came whole has it again, and ends with one that had begun to stream', async () => {
    await using whole = await serve(put('content-length: 4', 'body'))
    const { peer } = await whole.upstream.request(1)
    expect(await peer.body(1)).toBe('body')
    peer.send(reset(1, REFUSED_STREAM))
    await whole.upstream.request(3)
    expect(await peer.body(3)).toBe('body')
    const fieldsOf = (id: number): object => peer.of(T.headers, id)[0]!.fields
    expect(fieldsOf(3)).toEqual(fieldsOf(1))
    peer.send(head(3, [], F.end))
    expect(await whole.client.closed()).toMatch(/^HTTP\/1\.1 200 /)

    await using begun = await serve(put('content-length: 9', 'half'))
    const { peer: other } = await begun.upstream.request(1)
    await other.received(T.data, 1)
    other.send(reset(1, REFUSED_STREAM))
    expect(await begun.client.closed()).toMatch(/^HTTP\/1\.1 502 /)
    expect(streamsOf(begun)).toBe(1)
  })

  test('with one that is buffered by force has it again', async () => {
    await using served = await serve(put('transfer-encoding: chunked', '4\r\nbody\r\n0\r\n\r\n'), {
      buffering: 'force',
    })
    const { peer } = await served.upstream.request(1)
    for (const id of [1, 3]) {
      const { fields } = await served.upstream.request(id)
      expect(fields['content-length']).toBe('4')
      expect(await peer.body(id)).toBe('body')
      peer.send(id === 1 ? reset(1, REFUSED_STREAM) : head(3, [], F.end))
    }
    expect(await served.client.closed()).toMatch(/^HTTP\/1\.1 200 /)
  })
})

test('GOAWAY with a lower last stream costs no attempt, twice', async () => {
  await using served = await serve(GET, { max_attempts: 2 })
  for (const at of [0, 1, 2]) {
    const { peer } = await served.upstream.request(1, at)
    peer.send(goaway(0))
  }
  const { peer } = await served.upstream.request(1, 3)
  peer.send(head(1, [], F.end))
  expect(await served.client.closed()).toMatch(/^HTTP\/1\.1 200 /)
  expect(retriesOf(served)).toEqual({ requests: 1, failures: 0, retries: 3 })
  await until('trajectory', () => served.vane.trajectories.length === 1)
  expect(served.vane.trajectories[0]!.steps.map(({ branch }) => branch)).toEqual(['retry', 'response', 'end'])
})

test('GOAWAY that counts the stream in lets it finish', async () => {
  await using served = await serve(GET)
  const { peer } = await served.upstream.request(1)
  peer.send(goaway(1), head(1, [], F.end))
  expect(await served.client.closed()).toMatch(/^HTTP\/1\.1 200 /)
  expect(streamsOf(served)).toBe(1)
})

test.each<[string, (served: Served) => void]>([
  ['a connection that is reset', ({ upstream }) => void upstream.sockets[0]!.resetAndDestroy()],
  ['one that ends', ({ upstream }) => void upstream.sockets[0]!.end()],
  ['a stream that the upstream failed in', ({ upstream }) => upstream.peers[0]!.send(reset(1, 2))],
  ['a stream that it gave up', ({ upstream }) => upstream.peers[0]!.send(reset(1, 8))],
])('%s, before the response: the next attempt', async (_what, fail) => {
  await using served = await serve(GET)
  await served.upstream.request(1)
  fail(served)
  await until('second attempt', () => streamsOf(served) === 2)
  const last = served.upstream.peers.at(-1)!
  last.send(head(served.upstream.peers.length === 1 ? 3 : 1, [], F.end))
  expect(await served.client.closed()).toMatch(/^HTTP\/1\.1 200 /)
  expect(retriesOf(served)).toEqual({ requests: 1, failures: 0, retries: 1 })
})

test.each<[string, Buffer[], RegExp]>([
  ['a stream that is no good to the upstream', [reset(1, 1)], /^HTTP\/1\.1 502 /],
  ['an upstream that wants to be left alone', [reset(1, 11)], /^HTTP\/1\.1 502 /],
  [
    'a refusal behind an interim response',
    [frame(T.headers, F.endHeaders, 1, hpack([[':status', '103']])), reset(1, REFUSED_STREAM)],
    /^HTTP\/1\.1 103 [^]*HTTP\/1\.1 502 /,
  ],
  [
    'GOAWAY behind one',
    [frame(T.headers, F.endHeaders, 1, hpack([[':status', '103']])), goaway(0)],
    /^HTTP\/1\.1 103 [^]*HTTP\/1\.1 502 /,
  ],
  [
    'a refusal within the response',
    [head(1), frame(T.data, 0, 1, 'half'), reset(1, REFUSED_STREAM)],
    /^HTTP\/1\.1 200 /,
  ],
])('%s is not repeated', async (_what, frames, answer) => {
  await using served = await serve(GET)
  const { peer } = await served.upstream.request(1)
  peer.send(...frames)
  expect(await served.client.closed()).toMatch(answer)
  expect(streamsOf(served)).toBe(1)
  expect(retriesOf(served)).toMatchObject({ retries: 0 })
})

test('a body that the upstream has asked for is not taken elsewhere; before that it is', async () => {
  await using served = await serve(put('expect: 100-continue\r\ncontent-length: 4', ''))
  const { peer, fields } = await served.upstream.request(1)
  expect(fields.expect).toBe('100-continue')
  peer.send(reset(1, REFUSED_STREAM))
  const next = await served.upstream.request(3)
  expect(next.fields.expect).toBe('100-continue')
  expect(served.client.text).toBe('')
  peer.send(frame(T.headers, F.endHeaders, 3, hpack([[':status', '100']])))
  await served.client.received('100 Continue')
  peer.send(reset(3, REFUSED_STREAM))
  expect(await served.client.closed()).toMatch(/HTTP\/1\.1 502 /)
  expect(streamsOf(served)).toBe(2)
})

test('a client of HTTP/2 that resets its stream ends the wait for the next attempt', async () => {
  await using vane = await startRules([proxy(await closedPort(), { backoff: { fixed: '1h' } })], {})
  using client = await connectFrames(vane.port)
  client.request(1)
  await until('an attempt has failed', () => vane.logs.some(({ message }) => message.includes('tried again')))
  client.send(reset(1, 8))
  await until('trajectory', () => vane.trajectories.length === 1)
  expect(vane.trajectories[0]).toMatchObject({ outcome: 'canceled', status: undefined })
  expect(vane.engine.stats().requests).toMatchObject({ active: 0, canceled: 1 })
})

describe('an upstream that is spoken to by TLS', () => {
  const CA = issueCertificate({ commonName: 'Test CA', isAuthority: true })
  const SERVER = issueCertificate({ commonName: 'up', ipAddresses: ['127.0.0.1'], issuer: CA })

  /** A server of HTTP/1.1 and HTTP/2, before which the first connections are closed as soon as the handshake begins. */
  async function startBehindFailures(
    count: number,
    options: SecureServerOptions = {},
  ): Promise<{ port: number; versions: string[]; connections(): number }> {
    const versions: string[] = []
    const sessions = new Set<ServerHttp2Session>()
    const server = createSecureServer(
      { cert: SERVER.chain, key: SERVER.key, allowHTTP1: true, ...options },
      (req, res) => {
        versions.push(req.httpVersion)
        res.end('ok')
      },
    )
    server.on('session', (session) => void sessions.add(session))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    let connections = 0
    const front = await startRawUpstream((socket) => {
      if (connections++ < count) {
        socket.once('data', () => socket.destroy())
        return
      }
      const inner = connect((server.address() as AddressInfo).port, '127.0.0.1')
      inner.on('error', () => {})
      socket
        .on('close', () => inner.destroy())
        .pipe(inner)
        .pipe(socket)
    })
    onTestFinished(async () => {
      await front[Symbol.asyncDispose]()
      for (const session of sessions) session.destroy()
      server.close()
    })
    return { port: front.port, versions, connections: () => connections }
  }

  test.each([
    ['h1', '1.1'],
    ['h2', '2.0'],
    ['auto', '2.0'],
  ])('and closes the connection within the handshake: the next attempt, version %s', async (version, spoken) => {
    const upstream = await startBehindFailures(2)
    const terminate = {
      type: 'http_proxy',
      version,
      upstream: `127.0.0.1:${upstream.port}`,
      tls: { ca_file: 'ca.pem' },
      retry: { max_attempts: 3 },
    }
    await using vane = await startRules([{ terminate }], { 'ca.pem': CA.cert })
    expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 200 [^]*ok/)
    expect(upstream.versions).toEqual([spoken])
    expect(upstream.connections()).toBe(3)
    expect(vane.engine.stats().upstreams[0]).toMatchObject({ requests: 1, failures: 0, retries: 2 })
  })

  test.each(['h1', 'h2'])('and wants a certificate of ours is asked once, version %s', async (version) => {
    const upstream = await startBehindFailures(0, { requestCert: true, rejectUnauthorized: true, ca: CA.cert })
    const tls = { ca_file: 'ca.pem' }
    const retry = { max_attempts: 3 }
    const terminate = { type: 'http_proxy', version, upstream: `127.0.0.1:${upstream.port}`, tls, retry }
    await using vane = await startRules([{ terminate }], { 'ca.pem': CA.cert })
    expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 502 /)
    expect(upstream.connections()).toBe(1)
  })

  test('and is somebody else is asked once', async () => {
    const upstream = await startBehindFailures(0)
    const terminate = {
      type: 'http_proxy',
      upstream: `127.0.0.1:${upstream.port}`,
      tls: {},
      retry: { max_attempts: 3 },
    }
    await using vane = await startRules([{ terminate }], {})
    expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 502 /)
    expect(upstream.connections()).toBe(1)
  })
})
