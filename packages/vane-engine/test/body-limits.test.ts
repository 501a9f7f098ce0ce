import { describe, expect, test } from 'vitest'
import { createFakeWasm } from './support/fake-wasm.ts'
import { connectFrames, F, frame, type FramePeer, hpack, requestFields, T, u32 } from './support/frame-client.ts'
import { head, startFrames } from './support/frame-upstream.ts'
import { graphOf, proxyTo, type ProxyOptions } from './support/graph-builder.ts'
import { connectRaw } from './support/raw-client.ts'
import { startEngine, type StartedEngine } from './support/start-engine.ts'
import { type RecordingUpstream, startRecordingUpstream } from './support/recording-upstream.ts'
import { startScriptedUpstream } from './support/scripted-upstream.ts'
import { until } from './support/until.ts'

const LIMIT = 1_000
const BIG_LIMIT = 100_000
const KINDS = { request: 'l7-request', response: 'l7-response' } as const

/** A proxy with a middleware that has to see a body, of which there may be so many bytes. */
async function startLimited(
  port: number,
  direction: keyof typeof KINDS,
  { limit = LIMIT, ...proxy }: ProxyOptions & { readonly limit?: number } = {},
): Promise<StartedEngine> {
  const wasm = createFakeWasm({ l7Request: () => ({ tag: 'continue' }), l7Response: () => ({ tag: 'continue' }) })
  const look = { name: 'fake:look', pluginPath: wasm.path, needsBody: true, kind: KINDS[direction], bodyLimit: limit }
  return startEngine(graphOf(proxyTo(port, proxy), [look]), { wasm: wasm.runtime })
}

const chunked = (body: string, size: number): string => {
  let text = ''
  for (let at = 0; at < body.length; at += size) {
    const piece = body.slice(at, at + size)
    text += `${piece.length.toString(16)}\r\n${piece}\r\n`
  }
  return `${text}0\r\n\r\n`
}

/** Ways in which HTTP/1.1 brings a body of that length, cut where the reader may have to wait. */
const H1_BODIES: [how: string, toPieces: (length: number) => string[]][] = [
  ['with the head', (length) => [`content-length: ${length}\r\n\r\n${'x'.repeat(length)}`]],
  ['behind the head', (length) => [`content-length: ${length}\r\n\r\n`, 'x'.repeat(length)]],
  ['with its last byte alone', (length) => [`content-length: ${length}\r\n\r\n${'x'.repeat(length - 1)}`, 'x']],
  ['in one chunk', (length) => [`transfer-encoding: chunked\r\n\r\n${chunked('x'.repeat(length), length)}`]],
  ['in chunks of a byte', (length) => [`transfer-encoding: chunked\r\n\r\n`, chunked('x'.repeat(length), 1)]],
]

describe('a request over HTTP/1.1', () => {
  test('over it is told to the log at the level of what clients do wrong', async () => {
    await using upstream = await startRecordingUpstream()
    await using vane = await startLimited(upstream.port, 'request')
    using client = await connectRaw(vane.port)
    client.send(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${LIMIT + 1}\r\n\r\n`)
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 413 /)
    expect(vane.logs.filter(({ message }) => message === 'request failed')).toMatchObject([{ level: 'debug' }])
  })

  test.each(H1_BODIES)('%s: on the limit it passes, a byte over it is 413', async (_how, toPieces) => {
    await using upstream = await startRecordingUpstream()
    await using vane = await startLimited(upstream.port, 'request')
    const send = async (length: number): Promise<string> => {
      using client = await connectRaw(vane.port)
      const [first, ...others] = toPieces(length)
      const before = vane.engine.stats().bytes.received
      for (const piece of [`POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${first}`, ...others]) {
        client.send(piece)
        // Each piece comes by itself, unless the answer is there already.
        const isRead = (): boolean => vane.engine.stats().bytes.received - before >= client.socket.bytesWritten
        await until('piece read', () => isRead() || client.text !== '')
      }
      const text = await client.closed()
      expect(client.closedBy).toBe('end')
      expect(client.wasReset).toBe(false)
      return text
    }
    expect(await send(LIMIT)).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.requests.map(({ body }) => body.length)).toEqual([LIMIT])
    expect(await send(LIMIT + 1)).toMatch(/^HTTP\/1\.1 413 [^]*connection: close/)
    // What clients do must not fill the log.
    expect(vane.logs.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
    expect(upstream.requests).toHaveLength(1)
  })

  test.each([
    ['declared', `content-length: ${8 * BIG_LIMIT}\r\n\r\n`],
    ['in chunks', `transfer-encoding: chunked\r\n\r\n${(8 * BIG_LIMIT).toString(16)}\r\n`],
  ])(
    'the client hears of it while it sends, and nothing behind it is taken for a request: %s',
    async (_how, framing) => {
      await using upstream = await startRecordingUpstream()
      await using vane = await startLimited(upstream.port, 'request', { limit: BIG_LIMIT })
      using client = await connectRaw(vane.port)
      client.send(`POST / HTTP/1.1\r\nhost: a\r\n${framing}`)
      const piece = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(1_000)
      for (let sent = 0; sent < 8 * BIG_LIMIT && client.closedBy === undefined; sent += piece.length) {
        client.send(piece)
        await until('piece taken', () => client.socket.writableLength === 0 || client.closedBy !== undefined)
      }
      expect(await client.closed()).toMatch(/^HTTP\/1\.1 413 [^]*connection: close\r\n[^]*413 [^\r]*$/)
      expect(client.wasReset).toBe(false)
      expect(upstream.requests).toEqual([])
    },
  )
})

test.each([
  ['declared', `content-length: ${LIMIT + 1}\r\n\r\n`],
  ['in chunks', `transfer-encoding: chunked\r\n\r\n${chunked('x'.repeat(LIMIT + 1), 100)}`],
])('a client cannot fill the log with bodies that are too large: %s', async (_how, content) => {
  await using upstream = await startRecordingUpstream()
  await using vane = await startLimited(upstream.port, 'request')
  using client = await connectRaw(vane.port)
  client.send(`POST / HTTP/1.1\r\nhost: a\r\n${content}`)
  expect(await client.closed()).toMatch(/^HTTP\/1\.1 413 /)
  expect(vane.logs.filter(({ message }) => message === 'request failed').map(({ level }) => level)).toEqual(['debug'])
  expect(vane.engine.stats().errors.protocol).toBe(1)
})

describe('a request over HTTP/2', () => {
  async function serve(): Promise<{ upstream: RecordingUpstream; client: FramePeer } & AsyncDisposable> {
    const upstream = await startRecordingUpstream()
    const vane = await startLimited(upstream.port, 'request')
    const client = await connectFrames(vane.port)
    return {
      upstream,
      client,
      async [Symbol.asyncDispose]() {
        client[Symbol.dispose]()
        await vane[Symbol.asyncDispose]()
        await upstream[Symbol.asyncDispose]()
      },
    }
  }
  const post = (id: number, length?: number): Buffer => {
    const fields = { ':method': 'POST', ...(length === undefined ? {} : { 'content-length': String(length) }) }
    return frame(T.headers, F.endHeaders, id, hpack(requestFields(fields)))
  }
  const statusOf = async (client: FramePeer, id: number): Promise<string | undefined> =>
    (await client.received(T.headers, id)).fields[':status']

  test.each([
    ['declared', true],
    ['not declared', false],
  ])('of a length that is %s: on the limit it passes, a byte over it is 413', async (_how, isDeclared) => {
    await using served = await serve()
    const { client, upstream } = served
    client.send(post(1, isDeclared ? LIMIT : undefined))
    client.send(frame(T.data, 0, 1, 'x'.repeat(LIMIT)), frame(T.data, F.end, 1))
    expect(await statusOf(client, 1)).toBe('200')
    expect(upstream.requests.map(({ body }) => body.length)).toEqual([LIMIT])
    client.send(post(3, isDeclared ? LIMIT + 1 : undefined))
    client.send(frame(T.data, 0, 3, 'x'.repeat(LIMIT)), frame(T.data, 0, 3, 'x'))
    expect(await statusOf(client, 3)).toBe('413')
    expect(await client.body(3)).toMatch(/^413 /)
    // The response is whole, and what is left of the request is not wanted (RFC 9113 §8.1).
    expect(await client.reset(3)).toBe(0)
    expect(upstream.requests).toHaveLength(1)
  })

  test('other streams of the connection go on, and new ones come', async () => {
    await using served = await serve()
    const { client, upstream } = served
    client.send(post(1), frame(T.data, 0, 1, 'begun '), post(3, LIMIT + 1))
    expect(await statusOf(client, 3)).toBe('413')
    client.send(frame(T.data, F.end, 1, 'and ended'))
    expect(await statusOf(client, 1)).toBe('200')
    client.send(post(5), frame(T.data, F.end, 5, 'new'))
    expect(await statusOf(client, 5)).toBe('200')
    expect(upstream.requests.map(({ body }) => body)).toEqual(['begun and ended', 'new'])
    expect(client.of(T.goaway, 0)).toEqual([])
  })
})

describe('a response over HTTP/1.1', () => {
  const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

  test.each<[string, number, (length: number) => string]>([
    ['that came with its head', LIMIT, (length) => `content-length: ${length}\r\n\r\n${'x'.repeat(length)}`],
    // More than one read brings.
    ['with a length', BIG_LIMIT, (length) => `content-length: ${length}\r\n\r\n${'x'.repeat(length)}`],
    ['in one chunk', LIMIT, (length) => `transfer-encoding: chunked\r\n\r\n${chunked('x'.repeat(length), length)}`],
    ['in chunks of a byte', LIMIT, (length) => `transfer-encoding: chunked\r\n\r\n${chunked('x'.repeat(length), 1)}`],
    ['up to the end of the connection', LIMIT, (length) => `\r\n${'x'.repeat(length)}`],
  ])('%s: on the limit of %i bytes it passes, a byte over it is 502', async (_how, limit, toRest) => {
    await using upstream = await startScriptedUpstream(
      ...[limit, limit + 1].map((length) => ({ send: `HTTP/1.1 200 OK\r\n${toRest(length)}`, by: 'end' as const })),
    )
    await using vane = await startLimited(upstream.port, 'response', { limit })
    using client = await connectRaw(vane.port)
    client.send(GET)
    await client.received(`content-length: ${limit}\r\n`)
    await client.received('x'.repeat(limit))
    client.send(GET)
    await client.received('HTTP/1.1 502 ')
    // The client's connection goes on.
    client.send(GET)
    await client.received('\r\n\r\nok')
  })

  test.each([
    ['declared', `content-length: ${LIMIT * 1_000}\r\n\r\n`],
    ['in chunks', `transfer-encoding: chunked\r\n\r\n${(LIMIT + 1).toString(16)}\r\n${'x'.repeat(LIMIT + 1)}`],
    ['up to the end of the connection', `\r\n${'x'.repeat(LIMIT + 1)}`],
  ])('what is left of it is not waited for: the upstream’s connection ends, %s', async (_how, rest) => {
    await using upstream = await startScriptedUpstream({ send: `HTTP/1.1 200 OK\r\n${rest}` })
    await using vane = await startLimited(upstream.port, 'response')
    using client = await connectRaw(vane.port)
    client.send(GET)
    await client.received('502 Bad Gateway\n')
    await until('upstream closed', () => upstream.isClosed(0))
    client.send(GET)
    await client.received('\r\n\r\nok')
    expect(upstream.heads.map(({ length }) => length)).toEqual([1, 1])
  })

  test('a short rest is read to its end, and the connection is used again', async () => {
    const length = LIMIT + 1
    await using upstream = await startScriptedUpstream({ send: `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n` })
    await using vane = await startLimited(upstream.port, 'response')
    using client = await connectRaw(vane.port)
    client.send(GET)
    await client.received('502 Bad Gateway\n')
    upstream.sockets[0]!.write('x'.repeat(length))
    await until('connection kept', () => vane.engine.stats().upstreams[0]!.idle === 1)
    client.send(GET)
    await client.received('\r\n\r\nok')
    expect(upstream.heads.map(({ length: count }) => count)).toEqual([2])
  })

  test('a client of HTTP/2 is told as well', async () => {
    await using upstream = await startScriptedUpstream({
      send: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunked('x'.repeat(LIMIT + 1), 100)}`,
    })
    await using vane = await startLimited(upstream.port, 'response')
    using client = await connectFrames(vane.port)
    client.request(1)
    expect((await client.received(T.headers, 1)).fields[':status']).toBe('502')
    client.request(3)
    expect(await client.body(3)).toBe('ok')
  })
})

describe('a response over HTTP/2', () => {
  const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

  test.each([
    ['declared', true],
    ['not declared', false],
  ])(
    'of a length that is %s: on the limit it passes, a byte over it is 502, and its stream is reset',
    async (_how, isDeclared) => {
      await using upstream = await startFrames()
      await using vane = await startLimited(upstream.port, 'response', { version: 'h2' })
      using client = await connectRaw(vane.port)
      const declared = (length: number): [string, string][] => (isDeclared ? [['content-length', String(length)]] : [])
      client.send(GET)
      const { peer } = await upstream.request(1)
      peer.send(head(1, declared(LIMIT)), frame(T.data, 0, 1, 'x'.repeat(LIMIT)), frame(T.data, F.end, 1))
      await client.received('x'.repeat(LIMIT))
      client.send(GET)
      await upstream.request(3)
      peer.send(head(3, declared(LIMIT + 1)), frame(T.data, 0, 3, 'x'.repeat(LIMIT)), frame(T.data, 0, 3, 'x'))
      await client.received('502 Bad Gateway\n')
      expect((await peer.received(T.rst, 3)).payload).toEqual(u32(8))
      client.send(GET)
      await upstream.request(5)
      peer.send(head(5, [], F.end))
      await client.received('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n')
      expect(upstream.sockets).toHaveLength(1)
    },
  )
})
