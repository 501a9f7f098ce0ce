import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { connectFrames, F, frame, FramePeer, hpack, requestFields, settings, T, u32 } from './support/frame-client.ts'
import { startCodec, textResponse } from './support/start-codec.ts'
import type { ServerExchange } from '../src/http1/server-codec.ts'
import { until } from './support/until.ts'

/** Error codes of RFC 9113 §7. */
const E = { no: 0, protocol: 1, flow: 3, closed: 5, size: 6, refused: 7, compression: 9 }

const get = hpack(requestFields())
const post = hpack(requestFields({ ':method': 'POST' }))
const headers = (id: number, flags: number = F.end | F.endHeaders, block: Uint8Array = get): Buffer =>
  frame(T.headers, flags, id, block)
const opened = headers(1, F.endHeaders, post)
const data = (id: number, text = 'x', flags = 0): Buffer => frame(T.data, flags, id, text)

/** What ends the connection, with the code that GOAWAY gives, in the order of RFC 9113. */
const CONNECTION_ERRORS: readonly (readonly [what: string, frames: readonly Buffer[], code: number])[] = [
  ['4.2 a frame that is too large', [opened, frame(T.data, 0, 1, Buffer.alloc(16_385))], E.size],
  ['4.2 a field block that is too large for its frame', [frame(T.headers, 5, 1, Buffer.alloc(16_385))], E.size],
  ['4.3 a field block that is no HPACK', [headers(1, 5, Buffer.from([0x40, 0x01]))], E.compression],
  ['4.3 PRIORITY within a field block', [headers(1, F.end), frame(T.priority, 0, 1, Buffer.alloc(5))], E.protocol],
  ['4.3 HEADERS of another stream within a field block', [headers(1, F.end), headers(3)], E.protocol],
  ['5.1 DATA on an idle stream', [data(1)], E.protocol],
  ['5.1 RST_STREAM on an idle stream', [frame(T.rst, 0, 1, u32(8))], E.protocol],
  ['5.1 WINDOW_UPDATE on an idle stream', [frame(T.window, 0, 1, u32(8))], E.protocol],
  ['5.1 CONTINUATION on an idle stream', [frame(T.continuation, F.endHeaders, 1, get)], E.protocol],
  ['5.1 DATA after RST_STREAM', [opened, frame(T.rst, 0, 1, u32(8)), data(1)], E.closed],
  ['5.1 HEADERS after RST_STREAM', [opened, frame(T.rst, 0, 1, u32(8)), headers(1)], E.closed],
  [
    '5.1 CONTINUATION after RST_STREAM',
    [opened, frame(T.rst, 0, 1, u32(8)), frame(T.continuation, 4, 1, get)],
    E.protocol,
  ],
  [
    '5.1 CONTINUATION on a stream that its client has ended',
    [headers(1), frame(T.continuation, 4, 1, get)],
    E.protocol,
  ],
  ['5.1.1 a stream with an even id', [headers(2)], E.protocol],
  ['5.1.1 a stream with a smaller id', [headers(5), headers(3)], E.protocol],
  ['5.5 an unknown frame within a field block', [headers(1, F.end), frame(0x16, 0, 1)], E.protocol],
  ['6.1 DATA on the connection', [data(0)], E.protocol],
  [
    '6.1 padding as long as the frame',
    [opened, frame(T.data, F.padded, 1, Buffer.from([6, 1, 2, 3, 4, 5]))],
    E.protocol,
  ],
  ['6.1 padding without a length', [opened, frame(T.data, F.padded, 1)], E.size],
  ['6.2 HEADERS on the connection', [headers(0)], E.protocol],
  [
    '6.2 HEADERS with padding as long as they are',
    [headers(1, 5 | F.padded, Buffer.concat([Buffer.from([255]), get]))],
    E.protocol,
  ],
  ['6.2 HEADERS too short for their priority', [headers(1, 5 | F.priority, Buffer.alloc(4))], E.size],
  [
    '6.2 HEADERS that depend on themselves',
    [headers(1, 5 | F.priority, Buffer.concat([u32(1), Buffer.from([9]), get]))],
    E.protocol,
  ],
  ['6.3 PRIORITY on the connection', [frame(T.priority, 0, 0, Buffer.alloc(5))], E.protocol],
  ['6.3 PRIORITY of a wrong length', [frame(T.priority, 0, 1, Buffer.alloc(4))], E.size],
  ['6.3 PRIORITY on itself', [frame(T.priority, 0, 1, Buffer.from([0, 0, 0, 1, 9]))], E.protocol],
  ['6.4 RST_STREAM on the connection', [frame(T.rst, 0, 0, u32(8))], E.protocol],
  ['6.4 RST_STREAM of a wrong length', [opened, frame(T.rst, 0, 1, Buffer.alloc(3))], E.size],
  ['6.5 SETTINGS acknowledged with content', [frame(T.settings, F.ack, 0, Buffer.alloc(6))], E.size],
  ['6.5 SETTINGS on a stream', [frame(T.settings, 0, 1)], E.protocol],
  ['6.5 SETTINGS of a wrong length', [frame(T.settings, 0, 0, Buffer.alloc(5))], E.size],
  ['6.5.2 ENABLE_PUSH of 2', [frame(T.settings, 0, 0, settings([2, 2]))], E.protocol],
  ['6.5.2 INITIAL_WINDOW_SIZE of 2^31', [frame(T.settings, 0, 0, settings([4, 2 ** 31]))], E.flow],
  ['6.5.2 MAX_FRAME_SIZE below 2^14', [frame(T.settings, 0, 0, settings([5, 16_383]))], E.protocol],
  ['6.5.2 MAX_FRAME_SIZE above 2^24-1', [frame(T.settings, 0, 0, settings([5, 2 ** 24]))], E.protocol],
  ['6.7 PING on a stream', [frame(T.ping, 0, 1, Buffer.alloc(8))], E.protocol],
  ['6.7 PING of a wrong length', [frame(T.ping, 0, 0, Buffer.alloc(6))], E.size],
  ['6.8 GOAWAY on a stream', [frame(T.goaway, 0, 1, u32(0, 0))], E.protocol],
  ['6.8 GOAWAY that is too short', [frame(T.goaway, 0, 0, u32(0))], E.size],
  ['6.9 WINDOW_UPDATE of nothing', [frame(T.window, 0, 0, u32(0))], E.protocol],
  ['6.9 WINDOW_UPDATE of a wrong length', [frame(T.window, 0, 0, Buffer.alloc(3))], E.size],
  [
    '6.9.1 a window of the connection that is too large',
    [frame(T.window, 0, 0, u32(2 ** 31 - 1)), frame(T.window, 0, 0, u32(2 ** 31 - 1))],
    E.flow,
  ],
  [
    '6.9.2 a window made too large by SETTINGS',
    [opened, frame(T.window, 0, 1, u32(2 ** 31 - 1 - 65_535)), frame(T.settings, 0, 0, settings([4, 65_536]))],
    E.flow,
  ],
  [
    '6.10 CONTINUATION after the end of a field block',
    [opened, frame(T.continuation, F.endHeaders, 1, get)],
    E.protocol,
  ],
  [
    '6.10 CONTINUATION after the last CONTINUATION of a field block',
    [
      headers(1, F.end, get.subarray(0, 5)),
      frame(T.continuation, F.endHeaders, 1, get.subarray(5)),
      frame(T.continuation, F.endHeaders, 1, get),
    ],
    E.protocol,
  ],
  [
    '6.10 DATA after CONTINUATION that does not end the field block',
    [headers(1, 0, get.subarray(0, 5)), frame(T.continuation, 0, 1, get.subarray(5)), data(1)],
    E.protocol,
  ],
  ['6.10 CONTINUATION on the connection', [headers(1, F.end), frame(T.continuation, F.endHeaders, 0, get)], E.protocol],
  ['6.10 CONTINUATION after DATA', [opened, data(1), frame(T.continuation, F.endHeaders, 1, get)], E.protocol],
  ['8.4 PUSH_PROMISE', [opened, frame(T.push, F.endHeaders, 1, Buffer.concat([u32(3), get]))], E.protocol],
  ['HPACK 2.3.3 an index beyond the tables', [headers(1, 5, Buffer.from([0xc8]))], E.compression],
  [
    'HPACK 2.3.3 a literal whose name has an index beyond the tables',
    [headers(1, 5, Buffer.from([0x7f, 0x00, 0x01, 0x61]))],
    E.compression,
  ],
  [
    'HPACK 4.2 a table size update behind a field',
    [headers(1, 5, Buffer.concat([get, Buffer.from([0x20])]))],
    E.compression,
  ],
  [
    'HPACK 5.1 an integer without end',
    [headers(1, 5, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]))],
    E.compression,
  ],
  [
    'HPACK 5.2 Huffman padding of more than seven bits',
    [headers(1, 5, Buffer.from([0x00, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x84, 0x49, 0x50, 0x9f, 0xff]))],
    E.compression,
  ],
  [
    'HPACK 5.2 Huffman padding of zeros',
    [headers(1, 5, Buffer.from([0x00, 0x83, 0xf2, 0xb2, 0x40, 0x01, 0x61]))],
    E.compression,
  ],
  ['HPACK 5.2 EOS', [headers(1, 5, Buffer.from([0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x01, 0x61]))], E.compression],
  ['HPACK 6.1 index 0', [headers(1, 5, Buffer.from([0x80]))], E.compression],
  ['HPACK 6.3 a table larger than was offered', [headers(1, 5, Buffer.from([0x3f, 0xe2, 0x1f]))], E.compression],
]

describe('what ends a connection', () => {
  test.each(CONNECTION_ERRORS)('%s', async (_what, frames, code) => {
    await using served = await startCodec((exchange) => void exchange)
    using client = await connectFrames(served.port)
    client.send(...frames)
    expect(await client.goaway()).toBe(code)
    expect(served.refusals.map(({ status }) => status)).toEqual([400])
    await until('end of every exchange', () => served.ends.length === served.exchanges.length)
  })

  test('3.4 a preface that is none', async () => {
    await using served = await startCodec()
    const client = new FramePeer(connect({ port: served.port, host: '127.0.0.1' }))
    client.send('PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n')
    expect(await client.goaway()).toBe(E.protocol)
    expect(served.refusals).toEqual([expect.objectContaining({ status: 400 })])
  })

  test('3.4 a first frame other than SETTINGS', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port, frame(T.ping, 0, 0, Buffer.alloc(8)))
    expect(await client.goaway()).toBe(E.protocol)
  })
})

/** What ends a stream and leaves its connection. */
const STREAM_ERRORS: readonly (readonly [what: string, frames: readonly Buffer[], code: number])[] = [
  ['5.1 DATA on a stream that its client has ended', [headers(1), data(1)], E.closed],
  ['5.1 HEADERS on a stream that its client has ended', [headers(1), headers(1)], E.closed],
  ['6.9 WINDOW_UPDATE of nothing', [opened, frame(T.window, 0, 1, u32(0))], E.protocol],
  ['6.9.1 a window that is too large', [opened, frame(T.window, 0, 1, u32(2 ** 31 - 1))], E.flow],
  ['8.1 HEADERS within a request', [opened, headers(1, F.endHeaders, hpack([['x', 'y']]))], E.protocol],
  ['8.1 trailers with a pseudo-header field', [opened, headers(1, 5, hpack([[':method', 'GET']]))], E.protocol],
  ['8.1 trailers with a capital', [opened, headers(1, 5, hpack([['X-Y', '1']]))], E.protocol],
  [
    '8.1.1 more DATA than content-length',
    [headers(1, 4, hpack(requestFields({ 'content-length': '1' }))), data(1, 'xx')],
    E.protocol,
  ],
  [
    '8.1.1 less DATA than content-length',
    [headers(1, 4, hpack(requestFields({ 'content-length': '3' }))), data(1, 'x'), data(1, 'x', F.end)],
    E.protocol,
  ],
  [
    '8.1.1 trailers before the declared end',
    [headers(1, 4, hpack(requestFields({ 'content-length': '3' }))), headers(1, 5, hpack([['x', 'y']]))],
    E.protocol,
  ],
]

describe('what ends a stream', () => {
  test.each(STREAM_ERRORS)('%s', async (_what, frames, code) => {
    await using served = await startCodec(({ request }) => void request)
    using client = await connectFrames(served.port)
    client.send(...frames)
    expect(await client.reset(1)).toBe(code)
    await until('end of the exchange', () => served.ends.length > 0)
    expect(served.ends).toEqual(['cut'])
    expect(served.exchanges[0]!.error?.message).not.toBe('')
    await client.settled()
    expect(client.isClosed).toBe(false)
  })
})

describe('what is let through', () => {
  const FINE: readonly (readonly [what: string, frames: readonly Buffer[]])[] = [
    ['4.1 an unknown frame', [frame(0x16, 0xff, 0, 'whatever'), headers(1)]],
    ['4.1 flags that mean nothing', [frame(T.ping, 0x16, 0, Buffer.alloc(8)), headers(1, 5 | 0x80 | 0x40)]],
    ['4.1 the reserved bit', [frame(T.ping, 0, 0x80000000, Buffer.alloc(8)), headers(1)]],
    ['6.1 DATA of the largest size', [opened, data(1, 'x'.repeat(16_384), F.end)]],
    ['6.1 padding', [opened, frame(T.data, F.padded | F.end, 1, Buffer.from([2, 0x61, 0, 0]))]],
    [
      '6.2 HEADERS with padding and priority',
      [
        headers(
          1,
          5 | F.padded | F.priority,
          Buffer.concat([Buffer.from([3]), u32(0), Buffer.from([15]), get, Buffer.alloc(3)]),
        ),
      ],
    ],
    ['6.3 PRIORITY', [frame(T.priority, 0, 3, Buffer.alloc(5)), headers(1)]],
    ['5.1 PRIORITY on a stream that its client has ended', [headers(1), frame(T.priority, 0, 1, Buffer.alloc(5))]],
    [
      '5.3.1 PRIORITY on an idle stream above',
      [frame(T.priority, 0, 7, Buffer.from([0x80, 0, 0, 9, 255])), headers(1)],
    ],
    [
      '6.9 WINDOW_UPDATE for the connection and a stream',
      [opened, ...[0, 1].map((id) => frame(T.window, 0, id, u32(1))), data(1, '', F.end)],
    ],
    [
      'HPACK 6 each representation, with and without Huffman code',
      [
        // POST with trailers. Indexed; with incremental indexing, by an indexed and by a new name.
        headers(1, F.endHeaders, Buffer.from([0x83, 0x86, 0x84, 0x41, 0x01, 0x61])),
        headers(
          1,
          5,
          Buffer.concat([
            // A new name, and that entry of the table again.
            Buffer.from([0x40, 0x01, 0x78, 0x01, 0x79, 0xbe]),
            // Without indexing and never indexed, by a new and by an indexed name, one of them in Huffman code.
            Buffer.from([
              0x00, 0x01, 0x7a, 0x81, 0x1f, 0x10, 0x01, 0x7a, 0x01, 0x61, 0x0f, 0x2f, 0x01, 0x61, 0x1f, 0x2f, 0x01,
              0x61,
            ]),
          ]),
        ),
      ],
    ],
    ['6.5.2 an unknown setting', [frame(T.settings, 0, 0, settings([0xff, 1])), headers(1)]],
    ['6.7 an answer to a PING that nobody sent', [frame(T.ping, F.ack, 0, Buffer.alloc(8)), headers(1)]],
    ['6.9 WINDOW_UPDATE for a stream that has ended', [headers(1), frame(T.window, 0, 1, u32(9))]],
    [
      '6.10 a field block of many frames',
      [
        headers(1, F.end, get.subarray(0, 5)),
        frame(T.continuation, 0, 1),
        frame(T.continuation, 0, 1, get.subarray(5, 9)),
        frame(T.continuation, 4, 1, get.subarray(9)),
      ],
    ],
    [
      'HPACK 4.2 table size updates at the beginning',
      [headers(1, 5, Buffer.concat([Buffer.from([0x20, 0x3f, 0xe1, 0x1f]), get]))],
    ],
  ]

  test.each(FINE)('%s', async (_what, frames) => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    client.send(...frames)
    expect(await client.body(1)).toBe('hello')
    await client.settled()
    expect(served.refusals).toEqual([])
  })

  test('5.1 RST_STREAM on a stream that its client has ended', async () => {
    await using served = await startCodec(({ request }) => void request)
    using client = await connectFrames(served.port)
    client.send(headers(1), frame(T.rst, 0, 1, u32(8)), frame(T.priority, 0, 1, Buffer.alloc(5)))
    await client.settled()
    expect(client.isClosed).toBe(false)
    expect(served.ends).toEqual(['client-gone'])
  })

  test('6.5.3 SETTINGS are acknowledged, and the last of several values counts', async () => {
    await using served = await startCodec()
    const initial = frame(T.settings, 0, 0, settings([4, 100], [4, 1]))
    using client = await connectFrames(served.port, initial)
    client.send(headers(1))
    await until('an acknowledgement', () => client.of(T.settings, 0).some(({ flags }) => flags === F.ack))
    expect((await client.received(T.data, 1)).payload.toString()).toBe('h')
    await client.settled()
    expect(client.of(T.data, 1)).toHaveLength(1)
    // 6.9.2: what is under way has the new window.
    client.send(frame(T.settings, 0, 0, settings([4, 3])))
    await until('two bytes more', () => client.of(T.data, 1).length > 1)
    expect(client.of(T.data, 1)[1]!.payload.toString()).toBe('el')
    expect(client.of(T.settings, 0).filter(({ flags }) => flags === F.ack)).toHaveLength(2)
  })

  test('6.7 PING is answered with what it holds', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    client.send(frame(T.ping, 0, 0, 'whatever'))
    const { flags, payload } = await client.received(T.ping)
    expect([flags, payload.toString()]).toEqual([F.ack, 'whatever'])
  })

  test.each([0, 0xff])('6.8 GOAWAY with code %i: the stream that is open ends in order', async (code) => {
    const waiting = Promise.withResolvers<ServerExchange>()
    await using served = await startCodec(waiting.resolve)
    using client = await connectFrames(served.port)
    client.send(headers(1), frame(T.goaway, 0, 0, u32(0, code)))
    await client.settled()
    ;(await waiting.promise).respond(textResponse('late'), false)
    expect(await client.body(1)).toBe('late')
    expect(await client.goaway()).toBe(E.no)
  })

  test.each([
    ['DATA', data(1), E.closed],
    ['HEADERS', headers(1), E.closed],
    ['CONTINUATION', frame(T.continuation, F.endHeaders, 1, get), E.protocol],
  ])('5.1 %s on a stream that is closed is an error', async (_what, late, code) => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    client.send(headers(1))
    await client.body(1)
    client.send(late)
    const codes = async (): Promise<number> => await Promise.race([client.reset(1), client.goaway()])
    expect(await codes()).toBe(code)
  })

  test('7 an unknown error code', async () => {
    await using served = await startCodec((exchange) => {
      if (exchange.request.method === 'GET') exchange.respond(textResponse('hello'), false)
    })
    using client = await connectFrames(served.port)
    client.send(opened, frame(T.rst, 0, 1, u32(0xff)), headers(3))
    expect(await client.body(3)).toBe('hello')
    expect(served.ends).toEqual(['client-gone', 'complete'])
  })

  test('frames that come byte by byte', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    for (const byte of Buffer.concat([opened, data(1, 'abc'), data(1, '', F.end)])) {
      client.send(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await client.body(1)).toBe('hello')
  })

  test('5.1.2 a stream too many is refused, and the others go on', async () => {
    await using served = await startCodec(() => {}, { maxStreamsPerConn: 10 })
    using client = await connectFrames(served.port)
    expect((await client.received(T.settings)).payload.includes(settings([3, 10]))).toBe(true)
    for (let id = 1; id <= 21; id += 2) client.request(id)
    expect(await client.reset(21)).toBe(E.refused)
    expect(served.limitHits).toEqual(['max_streams_per_conn'])
    expect(served.exchanges).toHaveLength(10)
    served.exchanges[0]!.respond(textResponse('late'), false)
    expect(await client.body(1)).toBe('late')
    client.request(23)
    await until('a stream in the freed place', () => served.exchanges.length === 11)
  })

  test('DATA and trailers that were on their way to a stream that we reset', async () => {
    await using served = await startCodec((exchange) => exchange.respond(textResponse('enough'), false))
    using client = await connectFrames(served.port)
    client.send(opened)
    expect(await client.reset(1)).toBe(E.no)
    client.send(data(1, 'x'), headers(1, 5, hpack([['x', 'y']])))
    client.request(3)
    expect(await client.body(3)).toBe('enough')
  })
})
