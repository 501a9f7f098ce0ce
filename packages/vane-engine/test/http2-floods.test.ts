import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { connectFrames, F, frame, FramePeer, hpack, requestFields, T, u32 } from './support/frame-client.ts'
import { FLOODS } from './support/http2-floods.ts'
import { answer, graphOf } from './support/graph-builder.ts'
import { startCodec } from './support/start-codec.ts'
import { startEngine } from './support/start-engine.ts'
import { until } from './support/until.ts'

const CALM = 11
const get = hpack(requestFields())
const post = hpack(requestFields({ ':method': 'POST' }))

describe('floods', () => {
  test.each(FLOODS)('%s: the engine counts it, and serves others', async (_what, limit, flood) => {
    const limits = { maxRequestRatePerConn: 100_000 }
    await using vane = await startEngine(graphOf(answer('hi')), { limits })
    using client = await connectFrames(vane.port)
    client.send(flood)
    expect(await client.goaway()).toBe(CALM)
    expect(vane.engine.stats().limitHits).toEqual({ [limit]: 1 })
    expect(vane.logs.filter(({ message }) => message === 'limit hit').map(({ fields }) => fields['limit'])).toEqual([
      limit,
    ])
    await until('no request under way', () => vane.engine.stats().requests.active === 0)
    using other = await connectFrames(vane.port)
    other.request(1)
    expect(await other.body(1)).toBe('hi')
  })

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
    // PING is no use of a connection, nor are SETTINGS.
    const others = setInterval(() => client.send(frame(T.ping, 0, 0, Buffer.alloc(8)), frame(T.settings, 0, 0)), 20)
    expect(await client.goaway()).toBe(0)
    clearInterval(others)
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
