import { type BodySink, EMPTY_BODY, HeaderList, toBody, VaneError } from 'vane-core'
import { describe, expect, test } from 'vitest'
import { connectFrames, F, frame, hpack, requestFields, T, u32 } from './support/frame-client.ts'
import { startCodec, textResponse } from './support/start-codec.ts'
import { until } from './support/until.ts'

const post = hpack(requestFields({ ':method': 'POST' }))

describe('responses', () => {
  test('HEAD has the length and no content', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    client.request(1, { ':method': 'HEAD' })
    const head = await client.received(T.headers, 1)
    expect(head.flags & F.end).toBe(F.end)
    expect(head.fields).toEqual({ ':status': '200', 'content-type': 'text/plain', 'content-length': '5' })
    expect(served.ends).toEqual(['complete'])
  })

  test.each([
    [204, undefined],
    [304, '5'],
  ])('%d has no content', async (status, length) => {
    await using served = await startCodec((exchange) => exchange.respond(textResponse('hello', status), false))
    using client = await connectFrames(served.port)
    client.request(1)
    const head = await client.received(T.headers, 1)
    expect(head.flags & F.end).toBe(F.end)
    expect(head.fields['content-length']).toBe(length)
  })

  test('an empty body ends with the head', async () => {
    await using served = await startCodec((exchange) =>
      exchange.respond({ status: 200, headers: new HeaderList(), body: EMPTY_BODY }, false),
    )
    using client = await connectFrames(served.port)
    client.request(1)
    const head = await client.received(T.headers, 1)
    expect(head.flags & F.end).toBe(F.end)
    expect(head.fields['content-length']).toBe('0')
  })

  test('fields of the connection and of framing do not cross, and names are in lower case', async () => {
    await using served = await startCodec((exchange) =>
      exchange.respond(
        {
          status: 200,
          headers: HeaderList.from([
            ['Connection', 'x'],
            ['Keep-Alive', '1'],
            ['Transfer-Encoding', 'chunked'],
            ['Content-Length', '9'],
            ['Upgrade', 'h2c'],
            ['X-Name', ' padded '],
            ['Set-Cookie', 'a=b'],
            ['Set-Cookie', 'c=d'],
          ]),
          body: toBody(Buffer.from('hello')),
        },
        false,
      ),
    )
    using client = await connectFrames(served.port)
    client.request(1)
    const { fields } = await client.received(T.headers, 1)
    expect(fields).toEqual({ ':status': '200', 'x-name': 'padded', 'set-cookie': 'c=d', 'content-length': '5' })
  })

  test('a field that cannot be written fails before anything is sent', async () => {
    await using served = await startCodec((exchange) => {
      const headers = new HeaderList(['x', 'a\nb'])
      expect(() => exchange.respond({ status: 200, headers, body: EMPTY_BODY }, false)).toThrow('cannot be written')
      exchange.respond(textResponse('sorry', 500), false)
    })
    using client = await connectFrames(served.port)
    client.request(1)
    expect(await client.body(1)).toBe('sorry')
    expect(client.of(T.headers, 1)).toHaveLength(1)
  })

  test('interim responses go ahead of the final one', async () => {
    await using served = await startCodec((exchange) => {
      exchange.inform(103, new HeaderList(['link', '</a>']))
      exchange.inform(100, new HeaderList())
      exchange.respond(textResponse('hello'), false)
      exchange.inform(103, new HeaderList())
    })
    using client = await connectFrames(served.port)
    client.request(1)
    await client.body(1)
    expect(client.of(T.headers, 1).map(({ fields }) => fields[':status'])).toEqual(['103', '200'])
  })

  test('a body that breaks off never looks complete', async () => {
    await using served = await startCodec((exchange) =>
      exchange.respond(
        {
          status: 200,
          headers: new HeaderList(),
          body: {
            kind: 'stream',
            length: undefined,
            source: {
              start: (sink) => {
                sink.write(Buffer.from('part'))
                setImmediate(() => sink.fail(new VaneError({ kind: 'upstream', reason: 'reset-mid-request' }, 'gone')))
              },
              resume: () => {},
              cancel: () => {},
            },
          },
        },
        false,
      ),
    )
    using client = await connectFrames(served.port)
    client.request(1)
    expect(await client.reset(1)).toBe(2)
    expect(client.of(T.data, 1).every(({ flags }) => (flags & F.end) === 0)).toBe(true)
    expect(served.ends).toEqual(['cut'])
  })

  test.each([
    ['shorter', 5],
    ['longer', 3],
  ])('a body that is %s than declared never looks complete', async (_what, length) => {
    await using served = await startCodec((exchange) =>
      exchange.respond(
        {
          status: 200,
          headers: new HeaderList(),
          body: {
            kind: 'stream',
            length,
            source: {
              start: (sink) => {
                sink.write(Buffer.from('part'))
                if (length === 5) sink.end(undefined)
              },
              resume: () => {},
              cancel: () => {},
            },
          },
        },
        false,
      ),
    )
    using client = await connectFrames(served.port)
    client.request(1)
    expect(await client.reset(1)).toBe(2)
    expect(served.exchanges[0]!.error?.message).toMatch(/^body of /)
  })
})

describe('requests with a body', () => {
  /** Answers with what came, trailers as trailers. */
  const echo = (exchange: Parameters<NonNullable<Parameters<typeof startCodec>[0]>>[0]): void =>
    exchange.respond({ status: 200, headers: new HeaderList(), body: exchange.request.body }, false)

  test('stream through, trailers included', async () => {
    await using served = await startCodec(echo)
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.endHeaders, 1, post), frame(T.data, 0, 1, 'one'))
    await until('the first part', () => client.of(T.data, 1).length === 1)
    client.send(frame(T.data, 0, 1, 'two'))
    client.send(
      frame(
        T.headers,
        F.end | F.endHeaders,
        1,
        hpack([
          ['grpc-status', '0'],
          ['x-forwarded-for', '9'],
          ['host', 'x'],
        ]),
      ),
    )
    expect(await client.body(1)).toBe('onetwo')
    const trailers = client.of(T.headers, 1).at(-1)!
    expect(trailers.fields).toEqual({ 'grpc-status': '0' })
    expect(served.ends).toEqual(['complete'])
    expect(served.exchanges[0]!.bytesIn).toBe(6)
    expect(served.exchanges[0]!.bytesOut).toBe(6)
  })

  test('100 Continue is sent when somebody begins to read', async () => {
    await using served = await startCodec(() => {})
    using client = await connectFrames(served.port)
    client.request(1, { ':method': 'POST', expect: '100-continue', 'content-length': '2' }, 0)
    await client.settled()
    expect(client.of(T.headers, 1)).toEqual([])
    const { body } = served.exchanges[0]!.request
    const { exchanges } = served
    if (body.kind !== 'stream') throw new Error('no body')
    const parts: string[] = []
    body.source.start({
      write: (chunk) => parts.push(Buffer.from(chunk).toString()) > 0,
      end: () => exchanges[0]!.respond(textResponse(parts.join('')), false),
      fail: () => {},
    })
    expect((await client.received(T.headers, 1)).fields).toEqual({ ':status': '100' })
    client.send(frame(T.data, F.end, 1, 'hi'))
    expect(await client.body(1)).toBe('hi')
  })

  test('what nobody reads is stopped when the response is out', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.endHeaders, 1, post), frame(T.data, 0, 1, 'x'))
    expect(await client.body(1)).toBe('hello')
    expect(await client.reset(1)).toBe(0)
    expect(served.ends).toEqual(['complete'])
  })

  test('what somebody reads goes on after the response is out', async () => {
    let text = ''
    let hasEnded = false
    await using served = await startCodec((exchange) => {
      const { body } = exchange.request
      if (body.kind === 'stream')
        body.source.start({
          write: (chunk) => ((text += Buffer.from(chunk).toString()), true),
          end: () => (hasEnded = true),
          fail: () => {},
        })
      exchange.respond(textResponse('early'), false)
    })
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.endHeaders, 1, post))
    expect(await client.body(1)).toBe('early')
    client.send(frame(T.data, 0, 1, 'still '), frame(T.data, F.end, 1, 'here'))
    await until('the end of the request', () => hasEnded)
    expect(text).toBe('still here')
    await client.settled()
    expect(client.of(T.rst, 1)).toEqual([])
  })
})

describe('ends', () => {
  test('a client that resets its stream: the exchange ends as client-gone, and so does its body', async () => {
    let failure: Error | undefined
    await using served = await startCodec(({ request }) => {
      const sink: BodySink = { write: () => true, end: () => {}, fail: (error) => (failure = error) }
      if (request.body.kind === 'stream') request.body.source.start(sink)
    })
    using client = await connectFrames(served.port)
    client.send(frame(T.headers, F.endHeaders, 1, post), frame(T.rst, 0, 1, u32(8)))
    await until('end of the exchange', () => served.ends.length > 0)
    expect(served.ends).toEqual(['client-gone'])
    expect(failure).toMatchObject({ kind: 'canceled' })
    served.exchanges[0]!.respond(textResponse('late'), false)
    await client.settled()
    expect(client.of(T.headers, 1)).toEqual([])
  })

  test('a client that closes its connection', async () => {
    await using served = await startCodec(() => {})
    const client = await connectFrames(served.port)
    client.request(1)
    client.request(3)
    await until('both exchanges', () => served.exchanges.length === 2)
    client.socket.end()
    await until('both ends', () => served.ends.length === 2)
    expect(served.ends).toEqual(['client-gone', 'client-gone'])
    expect(served.refusals).toEqual([])
  })

  test('our own cut resets the stream and leaves the others', async () => {
    await using served = await startCodec((exchange) => {
      if (exchange.request.path === '/cut') exchange.cut(new VaneError({ kind: 'canceled' }, 'dropped'))
      else exchange.respond(textResponse('hello'), false)
    })
    using client = await connectFrames(served.port)
    client.request(1, { ':path': '/cut' })
    client.request(3)
    expect(await client.reset(1)).toBe(8)
    expect(await client.body(3)).toBe('hello')
    expect(client.of(T.headers, 1)).toEqual([])
  })

  test('drain: streams finish, late ones are still taken, then the connection closes', async () => {
    const responders: (() => void)[] = []
    await using served = await startCodec((exchange) => {
      responders.push(() => exchange.respond(textResponse('done'), false))
    })
    using client = await connectFrames(served.port)
    client.request(1)
    await until('the first exchange', () => responders.length === 1)
    served.codec.closeIdle()
    const first = await client.received(T.goaway)
    expect([first.payload.readUInt32BE(0), first.payload.readUInt32BE(4)]).toEqual([2 ** 31 - 1, 0])
    // Sent before the client had heard.
    client.request(3)
    await until('the second exchange', () => responders.length === 2)
    const ping = client.frames.find(({ type, flags }) => type === T.ping && flags === 0)!
    client.send(frame(T.ping, F.ack, 0, ping.payload))
    await until('the second GOAWAY', () => client.of(T.goaway, 0).length === 2)
    expect(client.of(T.goaway, 0)[1]!.payload.readUInt32BE(0)).toBe(3)
    client.request(5)
    expect(await client.reset(5)).toBe(7)
    for (const respond of responders) respond()
    expect(await client.body(1)).toBe('done')
    expect(await client.body(3)).toBe('done')
    expect(await client.goaway()).toBe(0)
    expect(served.ends).toEqual(['complete', 'complete'])
    expect(served.limitHits).toEqual([])
  })

  test('drain: a connection that is idle closes, even if its client never answers', async () => {
    await using served = await startCodec()
    using client = await connectFrames(served.port)
    client.request(1)
    await client.body(1)
    served.codec.closeIdle()
    expect(await client.goaway()).toBe(0)
  })
})
