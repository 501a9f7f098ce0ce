import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { connectFrames, F, frame, FramePeer, hpack, requestFields, settings, T, u32 } from './support/frame-client.ts'
import { startCodec } from './support/start-codec.ts'
import { until } from './support/until.ts'

const CALM = 11
const get = hpack(requestFields())
const post = hpack(requestFields({ ':method': 'POST' }))
const repeat = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array<Buffer>(count).fill(bytes))

/** What a client may not go on with: each ends in ENHANCE_YOUR_CALM and counts under the name of its limit. */
const FLOODS: readonly (readonly [what: string, limit: string, flood: Buffer])[] = [
  [
    'rapid reset (CVE-2023-44487)',
    'http2_resets',
    Buffer.concat(
      Array.from({ length: 700 }, (_, n) =>
        Buffer.concat([frame(T.headers, F.endHeaders, 2 * n + 1, post), frame(T.rst, 0, 2 * n + 1, u32(8))]),
      ),
    ),
  ],
  [
    'streams that we are made to reset (CVE-2025-8671)',
    'http2_resets',
    Buffer.concat(
      Array.from({ length: 700 }, (_, n) =>
        Buffer.concat([frame(T.headers, F.end | F.endHeaders, 2 * n + 1, get), frame(T.window, 0, 2 * n + 1, u32(0))]),
      ),
    ),
  ],
  [
    'malformed requests',
    'http2_resets',
    Buffer.concat(
      Array.from({ length: 700 }, (_, n) =>
        frame(T.headers, F.end | F.endHeaders, 2 * n + 1, hpack(requestFields({ te: 'x' }))),
      ),
    ),
  ],
  ['SETTINGS (CVE-2019-9515)', 'http2_settings', repeat(100, frame(T.settings, 0, 0, settings([4, 65_535])))],
  ['acknowledgements of SETTINGS', 'http2_settings', repeat(100, frame(T.settings, F.ack, 0))],
  ['PING (CVE-2019-9512)', 'http2_pings', repeat(700, frame(T.ping, 0, 0, Buffer.alloc(8)))],
  ['acknowledgements of PING', 'http2_pings', repeat(700, frame(T.ping, F.ack, 0, Buffer.alloc(8)))],
  [
    'empty DATA (CVE-2019-9518)',
    'http2_empty_frames',
    Buffer.concat([frame(T.headers, F.endHeaders, 1, post), repeat(700, frame(T.data, 0, 1))]),
  ],
  [
    'DATA of padding alone',
    'http2_empty_frames',
    Buffer.concat([
      frame(T.headers, F.endHeaders, 1, post),
      repeat(700, frame(T.data, F.padded, 1, Buffer.from([3, 0, 0, 0]))),
    ]),
  ],
  ['PRIORITY (CVE-2019-9513)', 'http2_empty_frames', repeat(700, frame(T.priority, 0, 3, Buffer.alloc(5)))],
  ['unknown frames', 'http2_empty_frames', repeat(700, frame(0x42, 0, 0))],
  ['WINDOW_UPDATE', 'http2_window_updates', repeat(5_000, frame(T.window, 0, 0, u32(1)))],
  [
    'CONTINUATION (CVE-2024-27316)',
    'http2_continuations',
    Buffer.concat([frame(T.headers, F.end, 1, get), repeat(100, frame(T.continuation, 0, 1, hpack([['x', 'y']])))]),
  ],
  [
    'empty CONTINUATION',
    'http2_continuations',
    Buffer.concat([frame(T.headers, F.end, 1, get), repeat(100, frame(T.continuation, 0, 1))]),
  ],
  [
    'a field block without end',
    'http2_continuations',
    Buffer.concat([frame(T.headers, F.end, 1, get), repeat(9, frame(T.continuation, 0, 1, Buffer.alloc(16_384)))]),
  ],
]

describe('floods', () => {
  test.each(FLOODS)('%s', async (_what, limit, flood) => {
    await using served = await startCodec(() => {}, { maxRequestRatePerConn: 100_000 })
    using client = await connectFrames(served.port)
    client.send(flood)
    expect(await client.goaway()).toBe(CALM)
    expect(served.limitHits).toEqual([limit])
    await until('end of every exchange', () => served.ends.length === served.exchanges.length)
  })

  test('more requests than a second may bring', async () => {
    await using served = await startCodec(undefined, { maxRequestRatePerConn: 100, maxStreamsPerConn: 1_000 })
    using client = await connectFrames(served.port)
    for (let n = 0; n < 200; n++) client.request(2 * n + 1)
    expect(await client.goaway()).toBe(CALM)
    expect(served.limitHits).toEqual(['max_request_rate_per_conn'])
    expect(served.exchanges.length).toBeGreaterThanOrEqual(100)
    expect(served.exchanges.length).toBeLessThan(200)
  })

  test('streams that are opened beyond their number, again and again', async () => {
    await using served = await startCodec(() => {}, { maxStreamsPerConn: 10, maxRequestRatePerConn: 100_000 })
    using client = await connectFrames(served.port)
    for (let n = 0; n < 700; n++) client.request(2 * n + 1)
    expect(await client.goaway()).toBe(CALM)
    expect(served.exchanges).toHaveLength(10)
    expect(new Set(served.limitHits)).toEqual(new Set(['max_streams_per_conn', 'http2_resets']))
  })

  test('a client that cancels now and then is none', async () => {
    await using served = await startCodec(undefined, { maxRequestRatePerConn: 100_000 })
    using client = await connectFrames(served.port)
    for (let n = 0; n < 1_000; n++) {
      client.request(4 * n + 1)
      client.send(frame(T.headers, F.endHeaders, 4 * n + 3, post), frame(T.rst, 0, 4 * n + 3, u32(8)))
      if (n % 50 === 49) await client.settled()
    }
    expect(client.isClosed).toBe(false)
    expect(served.limitHits).toEqual([])
  })
})

describe('clients that are slow', () => {
  test('a preface that does not come', async () => {
    await using served = await startCodec(undefined, { headerTimeoutMs: 50 })
    using client = new FramePeer(connect({ port: served.port, host: '127.0.0.1' }))
    client.send('PRI * HT')
    await until('end of the connection', () => client.isClosed)
    expect(served.refusals.map(({ status }) => status)).toEqual([408])
  })

  test('a field block that goes on drop by drop', async () => {
    await using served = await startCodec(undefined, { headerTimeoutMs: 100 })
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.end, 1, get))
    const drops = setInterval(() => client.send(frame(T.continuation, 0, 1, hpack([['x', 'y']]))), 20)
    await until('end of the connection', () => client.isClosed)
    clearInterval(drops)
    expect(served.refusals.map(({ status }) => status)).toEqual([408])
  })

  test('a frame of HEADERS that never ends', async () => {
    await using served = await startCodec(undefined, { headerTimeoutMs: 100 })
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.end | F.endHeaders, 1, get).subarray(0, 20))
    await until('end of the connection', () => client.isClosed)
    expect(served.refusals.map(({ status }) => status)).toEqual([408])
  })

  test('a connection on which nothing is asked', async () => {
    await using served = await startCodec(undefined, { keepAliveTimeoutMs: 100 })
    using client = await connectFrames(served.port)
    client.request(1)
    await client.body(1)
    // PING is no use of a connection.
    const pings = setInterval(() => client.send(frame(T.ping, 0, 0, Buffer.alloc(8))), 20)
    expect(await client.goaway()).toBe(0)
    clearInterval(pings)
    expect(served.limitHits).toEqual([])
  })

  test('a request body that does not go on', async () => {
    await using served = await startCodec(
      ({ request }) => {
        if (request.body.kind !== 'stream') throw new Error('no body')
        request.body.source.start({
          write: () => true,
          end: () => {},
          fail: (error) => served.exchanges[0]!.cut(error),
        })
      },
      { bodyIdleTimeoutMs: 50 },
    )
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.endHeaders, 1, post), frame(T.data, 0, 1, 'x'))
    await client.reset(1)
    expect(served.exchanges[0]!.error?.message).toBe('no byte of the request body for 50 ms')
    expect(client.isClosed).toBe(false)
  })
})
