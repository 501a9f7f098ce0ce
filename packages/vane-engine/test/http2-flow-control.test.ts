import { type BodySink, type BodySource, HeaderList } from 'vane-core'
import { describe, expect, test } from 'vitest'
import { connectFrames, F, frame, hpack, requestFields, settings, T, u32 } from './support/frame-client.ts'
import { startCodec, textResponse } from './support/start-codec.ts'
import { until } from './support/until.ts'

const post = hpack(requestFields({ ':method': 'POST' }))

/** A body of so many bytes, which counts what was taken. */
function countedSource(bytes: number): BodySource & { taken: number; canceled: Error | undefined } {
  let sink: BodySink | undefined
  const chunk = Buffer.alloc(10_000, 'x')
  const source = {
    taken: 0,
    canceled: undefined as Error | undefined,
    start(to: BodySink) {
      sink = to
      source.resume()
    },
    resume() {
      while (source.taken < bytes && source.canceled === undefined) {
        source.taken += chunk.length
        if (!sink!.write(chunk)) return
      }
      if (source.canceled === undefined) sink!.end(undefined)
    },
    cancel(reason: Error) {
      source.canceled = reason
    },
  }
  return source
}

const stream = (source: BodySource, length?: number) =>
  ({ status: 200, headers: new HeaderList(), body: { kind: 'stream', source, length } }) as const
const received = (client: Awaited<ReturnType<typeof connectFrames>>, id: number): number =>
  client.of(T.data, id).reduce((sum, { payload }) => sum + payload.length, 0)

describe('what goes out', () => {
  test('no byte more than the windows allow, and no more is pulled than that', async () => {
    const source = countedSource(1_000_000)
    await using served = await startCodec((exchange) => exchange.respond(stream(source), false))
    using client = await connectFrames(served.port, frame(T.settings, 0, 0, settings([4, 100_000])))
    client.request(1)
    await until('the window of the connection', () => received(client, 1) === 65_535)
    await client.settled()
    expect(received(client, 1)).toBe(65_535)
    expect(source.taken).toBeLessThanOrEqual(65_535 + 65_536 + 10_000)
    client.send(frame(T.window, 0, 0, u32(2 ** 30)))
    await until('the window of the stream', () => received(client, 1) === 100_000)
    await client.settled()
    expect(received(client, 1)).toBe(100_000)
    client.send(frame(T.window, 0, 1, u32(2 ** 30)))
    expect(await client.body(1)).toHaveLength(1_000_000)
    expect(served.ends).toEqual(['complete'])
  })

  test('frames of one byte for a window of one byte', async () => {
    await using served = await startCodec((exchange) => exchange.respond(textResponse('hello'), false))
    using client = await connectFrames(served.port, frame(T.settings, 0, 0, settings([4, 1])))
    client.request(1)
    await client.received(T.data, 1)
    client.send(frame(T.window, 0, 1, u32(1)))
    await until('a second frame', () => client.of(T.data, 1).length === 2)
    expect(client.of(T.data, 1).map(({ payload }) => payload.toString())).toEqual(['h', 'e'])
  })

  test('a window that SETTINGS make negative has to be filled first', async () => {
    await using served = await startCodec((exchange) => exchange.respond(stream(countedSource(100_000)), false))
    using client = await connectFrames(served.port, frame(T.settings, 0, 0, settings([4, 10])))
    client.request(1)
    await until('ten bytes', () => received(client, 1) === 10)
    client.send(frame(T.settings, 0, 0, settings([4, 0])), frame(T.window, 0, 1, u32(10)))
    await client.settled()
    expect(received(client, 1)).toBe(10)
    client.send(frame(T.window, 0, 1, u32(2)))
    await until('twelve bytes', () => received(client, 1) === 12)
    client.send(frame(T.settings, 0, 0, settings([4, 5])))
    await until('seventeen bytes', () => received(client, 1) === 17)
  })

  test('streams take turns', async () => {
    await using served = await startCodec((exchange) => exchange.respond(stream(countedSource(200_000)), false))
    using client = await connectFrames(served.port, frame(T.settings, 0, 0, settings([4, 1_000_000])))
    client.request(1)
    client.request(3)
    await until('the window of the connection', () => received(client, 1) + received(client, 3) === 65_535)
    expect(received(client, 1)).toBeGreaterThan(20_000)
    expect(received(client, 3)).toBeGreaterThan(20_000)
    client.send(frame(T.window, 0, 0, u32(1_000_000)))
    expect((await client.body(1)).length + (await client.body(3)).length).toBe(400_000)
  })

  test('a stream without a window holds nobody up', async () => {
    await using served = await startCodec((exchange) =>
      exchange.respond(exchange.request.path === '/big' ? stream(countedSource(50_000)) : textResponse('small'), false),
    )
    using client = await connectFrames(served.port, frame(T.settings, 0, 0, settings([4, 10])))
    client.request(1, { ':path': '/big' })
    await until('ten bytes', () => received(client, 1) === 10)
    client.request(3)
    expect(await client.body(3)).toBe('small')
  })

  test('a client that opens no window is cut off', async () => {
    const source = countedSource(200_000)
    await using served = await startCodec((exchange) => exchange.respond(stream(source), false), {
      writeStallTimeoutMs: 50,
    })
    using client = await connectFrames(served.port, frame(T.settings, 0, 0, settings([4, 0])))
    client.request(1)
    expect(await client.reset(1)).toBe(2)
    expect(served.ends).toEqual(['cut'])
    expect(served.exchanges[0]!.error?.message).toBe('client took nothing for 50 ms')
    expect(source.canceled).toBeDefined()
    expect(client.isClosed).toBe(false)
  })

  test('a client that opens its window drop by drop is cut off', async () => {
    await using served = await startCodec((exchange) => exchange.respond(stream(countedSource(200_000)), false), {
      writeStallTimeoutMs: 100,
    })
    using client = await connectFrames(served.port, frame(T.settings, 0, 0, settings([4, 0])))
    client.request(1)
    const drops = setInterval(() => client.send(frame(T.window, 0, 1, u32(1))), 5)
    expect(await client.reset(1)).toBe(2)
    clearInterval(drops)
  })

  test('a client that does not read its socket is cut off', async () => {
    const source = countedSource(1_000_000_000)
    await using served = await startCodec((exchange) => exchange.respond(stream(source), false), {
      writeStallTimeoutMs: 100,
      keepAliveTimeoutMs: 100,
    })
    using client = await connectFrames(served.port, frame(T.settings, 0, 0, settings([4, 2 ** 31 - 1])))
    client.send(frame(T.window, 0, 0, u32(2 ** 31 - 1 - 65_535)))
    client.socket.pause()
    client.request(1)
    await until('end of the exchange', () => served.ends.length === 1)
    expect(served.ends).toEqual(['cut'])
    expect(source.taken).toBeLessThan(100_000_000)
    await until('end of the connection', () => served.sockets.size === 0)
  })
})

describe('what comes in', () => {
  test('windows are opened for what is taken, and for nothing else', async () => {
    let sink: { readonly resume: () => void } | undefined
    let taken = 0
    let isOpen = false
    await using served = await startCodec(({ request }) => {
      if (request.body.kind !== 'stream') return
      const { source } = request.body
      sink = source
      source.start({
        write: (chunk) => {
          taken += chunk.length
          return isOpen
        },
        end: () => served.exchanges[0]!.respond(textResponse(`got ${taken}`), false),
        fail: () => {},
      })
    })
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.endHeaders, 1, post))
    for (let n = 0; n < 3; n++) client.send(frame(T.data, 0, 1, Buffer.alloc(16_384)))
    client.send(frame(T.data, 0, 1, Buffer.alloc(16_383)))
    await client.settled()
    expect(taken).toBe(16_384)
    expect(client.of(T.window, 1)).toEqual([])
    isOpen = true
    sink!.resume()
    await client.received(T.window, 1)
    expect(taken).toBe(65_535)
    client.send(frame(T.data, F.end, 1, 'x'))
    expect(await client.body(1)).toBe('got 65536')
  })

  test('a byte more than the window ends the stream', async () => {
    await using served = await startCodec(() => {})
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.endHeaders, 1, post))
    for (let n = 0; n < 4; n++) client.send(frame(T.data, 0, 1, Buffer.alloc(16_384)))
    expect(await client.reset(1)).toBe(3)
    expect(served.ends).toEqual(['cut'])
  })

  test('bytes that come one by one and wait are put together', async () => {
    const chunks: number[] = []
    await using served = await startCodec(() => {})
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.endHeaders, 1, post))
    for (let n = 0; n < 10; n++) client.send(Buffer.concat(Array<Buffer>(1_000).fill(frame(T.data, 0, 1, 'x'))))
    client.send(frame(T.data, F.end, 1, 'y'))
    await client.settled()
    const { body } = served.exchanges[0]!.request
    if (body.kind !== 'stream') throw new Error('no body')
    let text = ''
    body.source.start({
      write: (chunk) => {
        chunks.push(chunk.length)
        text += Buffer.from(chunk).toString()
        return true
      },
      end: () => chunks.push(-1),
      fail: () => {},
    })
    expect(text).toBe(`${'x'.repeat(10_000)}y`)
    expect(chunks).toEqual([4096, 4096, 1809, -1])
  })

  test('bytes that come one by one in one read are passed on together', async () => {
    const chunks: number[] = []
    await using served = await startCodec(({ request }) => {
      if (request.body.kind !== 'stream') return
      request.body.source.start({
        write: (chunk) => chunks.push(chunk.length) > 0,
        end: () => served.exchanges[0]!.respond(textResponse('done'), false),
        fail: () => {},
      })
    })
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.endHeaders, 1, post))
    await client.settled()
    client.send(Buffer.concat([...Array<Buffer>(900).fill(frame(T.data, 0, 1, 'x')), frame(T.data, F.end, 1, 'y')]))
    expect(await client.body(1)).toBe('done')
    expect(chunks.reduce((sum, bytes) => sum + bytes, 0)).toBe(901)
    expect(chunks.length).toBeLessThan(10)
  })

  test('a stream whose body nobody takes holds nobody up', async () => {
    await using served = await startCodec((exchange) => {
      const { body } = exchange.request
      if (body.kind === 'stream' && exchange.request.path === '/') return
      let bytes = 0
      if (body.kind === 'stream')
        body.source.start({
          write: (chunk) => {
            bytes += chunk.length
            return true
          },
          end: () => exchange.respond(textResponse(String(bytes)), false),
          fail: () => {},
        })
    })
    using client = await connectFrames(served.port)
    for (let n = 0; n < 20; n++) {
      client.send(frame(T.headers, F.endHeaders, 2 * n + 1, post))
      for (let part = 0; part < 3; part++) client.send(frame(T.data, 0, 2 * n + 1, Buffer.alloc(16_384)))
    }
    client.send(frame(T.headers, F.endHeaders, 101, hpack(requestFields({ ':method': 'POST', ':path': '/taken' }))))
    client.send(frame(T.data, F.end, 101, Buffer.alloc(10_000)))
    expect(await client.body(101)).toBe('10000')
  })
})
