import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { connect, type AddressInfo } from 'node:net'
import { HeaderList, VaneError } from 'vane-core'
import { describe, expect, test } from 'vitest'
import type { DialedSocket } from '../src/upstream/dial.ts'
import { Http2UpstreamPool, type Http2PoolOptions } from '../src/http2/upstream-pool.ts'
import { ONLY_ATTEMPT } from '../src/upstream/upstream-request.ts'
import { ask, readBody, streamBody } from './support/ask-upstream.ts'
import { head, startFrames } from './support/frame-upstream.ts'
import { F, frame, hpack, settings, T, u32 } from './support/frame-client.ts'
import { closedPort, startRawUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

function poolTo(port: number, options: Partial<Http2PoolOptions> = {}): Http2UpstreamPool & AsyncDisposable {
  const pool = new Http2UpstreamPool({
    name: `127.0.0.1:${port}`,
    scheme: 'http',
    dial: () => ({ socket: connect(port, '127.0.0.1'), readyEvent: 'connect' }),
    ...options,
  })
  return Object.assign(pool, { [Symbol.asyncDispose]: () => Promise.resolve(pool.close()) })
}

const failureOf = async (promise: Promise<unknown>): Promise<VaneError> =>
  promise.then(
    () => expect.fail('no failure'),
    (error: unknown) => error as VaneError,
  )
const reasonOf = async (promise: Promise<unknown>): Promise<string | undefined> => (await failureOf(promise)).reason

describe('against the server that Node has', () => {
  async function startNode(
    handle: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void,
  ): Promise<
    AsyncDisposable & { readonly port: number; readonly server: Http2Server; readonly sessions: () => number }
  > {
    const server = createHttp2Server()
    let sessions = 0
    const open = new Set<{ destroy(): void }>()
    server.on('session', (session) => {
      sessions++
      open.add(session)
    })
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => {})
      handle(stream, headers)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return {
      port: (server.address() as AddressInfo).port,
      server,
      sessions: () => sessions,
      [Symbol.asyncDispose]: async () => {
        for (const session of open) session.destroy()
        await new Promise<void>((resolve) => server.close(() => resolve()))
      },
    }
  }

  test('many requests at once go by one connection', async () => {
    await using upstream = await startNode((stream, headers) => {
      stream.respond({ ':status': 200, 'x-path': String(headers[':path']), 'set-cookie': ['a=b', 'c=d'] })
      stream.end('x'.repeat(100_000))
    })
    await using pool = poolTo(upstream.port)
    const asked = Array.from({ length: 50 }, (_, n) => ask(pool, { target: `/${n}` }))
    const responses = await Promise.all(asked.map(({ response }) => response))
    expect(responses.map(({ headers }) => headers.get('x-path'))).toEqual(asked.map((_, n) => `/${n}`))
    expect(responses[0]!.headers.getAll('set-cookie')).toEqual(['a=b', 'c=d'])
    for (const response of responses) expect((await readBody(response)).text).toHaveLength(100_000)
    expect(upstream.sessions()).toBe(1)
    expect(pool.stats()).toMatchObject({ active: 0, idle: 1, requests: 50, failures: 0, retries: 0 })
  })

  test('bodies and trailers go both ways', async () => {
    await using upstream = await startNode((stream) => {
      const chunks: Buffer[] = []
      let trailers: Record<string, unknown> = {}
      stream.on('trailers', (received) => (trailers = received))
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': `${String(trailers['x-count'])}!` }))
        stream.end(Buffer.concat(chunks))
      })
    })
    await using pool = poolTo(upstream.port)
    const upload = streamBody()
    const { response } = ask(pool, { method: 'POST', body: upload.body })
    const big = 'y'.repeat(300_000)
    upload.write(big)
    upload.end(new HeaderList(['x-count', '3']))
    const { text, trailers } = await readBody(await response)
    expect(text).toBe(big)
    expect(trailers?.rawPairs()).toEqual(['x-sum', '3!'])
  })

  test('interim responses, HEAD and 204', async () => {
    await using upstream = await startNode((stream, headers) => {
      if (headers[':method'] === 'HEAD') {
        stream.respond({ ':status': 200, 'content-length': '12' }, { endStream: true })
        return
      }
      stream.additionalHeaders({ ':status': 103, link: '</a>' })
      stream.respond({ ':status': 204 }, { endStream: true })
    })
    await using pool = poolTo(upstream.port)
    const plain = ask(pool)
    expect(await plain.response).toMatchObject({ status: 204, body: { kind: 'empty' } })
    expect(plain.interims).toEqual([103])
    expect(await ask(pool, { method: 'HEAD' }).response).toMatchObject({
      status: 200,
      body: { kind: 'stream', length: 12 },
    })
  })

  test('a server that closes in order: the next request gets a new connection', async () => {
    await using upstream = await startNode((stream) => {
      stream.respond({ ':status': 200 })
      stream.end('done')
      stream.session!.close()
    })
    await using pool = poolTo(upstream.port)
    for (let n = 0; n < 5; n++) expect((await readBody(await ask(pool).response)).text).toBe('done')
    expect(upstream.sessions()).toBe(5)
    expect(pool.stats().failures).toBe(0)
  })
})

describe('requests', () => {
  test('what crosses', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    ask(pool, {
      target: '/a?b',
      headers: [
        ['Host', 'other'],
        ['X-Name', 'v'],
        ['Connection', 'keep-alive'],
        ['TE', 'gzip, trailers'],
        ['Expect', '100-continue'],
        ['cookie', 'a=b; c=d'],
      ],
    })
    const { fields, peer } = await upstream.request(1)
    expect(fields).toEqual({
      ':method': 'GET',
      ':scheme': 'http',
      ':authority': 'a.test',
      ':path': '/a?b',
      'x-name': 'v',
      te: 'trailers',
      cookie: 'a=b; c=d',
    })
    expect((await peer.received(T.settings)).payload.includes(settings([2, 0]))).toBe(true)
  })

  test('a field that cannot be written', async () => {
    await using pool = poolTo(1)
    expect(() => ask(pool, { headers: [['x', 'a\nb']] })).toThrow('cannot be written')
    expect(() => ask(pool, { target: '/a\r\nb' })).toThrow('cannot be written')
    expect(pool.stats().requests).toBe(0)
  })

  test('a body waits for 100 Continue, and goes without it after a while', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const uploads = [streamBody(2), streamBody(2)]
    for (const { body, write, end } of uploads) {
      ask(pool, { method: 'POST', body, expectsContinue: true })
      write('hi')
      end()
    }
    const { peer, fields } = await upstream.request(1)
    expect(fields['expect']).toBe('100-continue')
    expect(fields['content-length']).toBe('2')
    await peer.settled()
    expect(peer.of(T.data, 1)).toEqual([])
    peer.send(frame(T.headers, F.endHeaders, 1, hpack([[':status', '100']])))
    expect(await peer.body(1)).toBe('hi')
    expect(peer.of(T.data, 3)).toEqual([])
    expect(await peer.body(3)).toBe('hi')
  })

  test('a final response in place of 100 Continue: the body is not sent', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const upload = streamBody()
    const { response } = ask(pool, { method: 'POST', body: upload.body, expectsContinue: true })
    const { peer } = await upstream.request(1)
    peer.send(frame(T.headers, F.endHeaders | F.end, 1, hpack([[':status', '413']])))
    expect((await response).status).toBe(413)
    expect(await peer.reset(1)).toBe(0)
    expect(upload.canceled()).toBeDefined()
  })

  test('an upload goes on after the response', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const upload = streamBody()
    const { response } = ask(pool, { method: 'POST', body: upload.body })
    const { peer } = await upstream.request(1)
    peer.send(head(1, [], F.end))
    expect((await response).status).toBe(200)
    upload.write('late')
    upload.end()
    expect(await peer.body(1)).toBe('late')
    expect(peer.of(T.rst, 1)).toEqual([])
  })

  test('a body that breaks off resets the stream', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const upload = streamBody()
    const { response } = ask(pool, { method: 'POST', body: upload.body })
    upload.write('part')
    const { peer } = await upstream.request(1)
    const broken = new VaneError({ kind: 'canceled' }, 'client went away')
    upload.fail(broken)
    expect(await failureOf(response)).toBe(broken)
    expect(await peer.reset(1)).toBe(8)
  })
})

describe('cancellation', () => {
  test('before and after the response: the stream is reset, the connection stays', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const first = ask(pool)
    const { peer } = await upstream.request(1)
    first.exchange.cancel(new Error('client is gone'))
    expect(await peer.reset(1)).toBe(8)
    const second = ask(pool)
    await peer.received(T.headers, 3)
    peer.send(head(3), frame(T.data, 0, 3, 'part'))
    const { body } = await second.response
    if (body.kind !== 'stream') throw new Error('no body')
    body.source.cancel(new Error('not wanted'))
    expect(await peer.reset(3)).toBe(8)
    peer.send(frame(T.data, 0, 3, 'on its way'))
    const third = ask(pool)
    await peer.received(T.headers, 5)
    peer.send(head(5, [], F.end))
    expect((await third.response).status).toBe(200)
    expect(upstream.sockets).toHaveLength(1)
  })

  test('while connecting', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const upload = streamBody()
    const { exchange } = ask(pool, { method: 'POST', body: upload.body })
    exchange.cancel(new Error('client is gone'))
    expect(upload.canceled()).toBeDefined()
    await until('no connection', () => pool.stats().active + pool.stats().idle === 0)
  })
})

describe('flow control', () => {
  test('a reader that does not read holds its own stream back, and no other', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const slow = ask(pool)
    const { peer } = await upstream.request(1)
    peer.send(head(1))
    for (let n = 0; n < 8; n++) peer.send(frame(T.data, 0, 1, Buffer.alloc(16_384, 'x')))
    const response = await slow.response
    await peer.settled()
    expect(peer.of(T.window, 1)).toEqual([])
    const quick = ask(pool)
    await peer.received(T.headers, 3)
    peer.send(head(3), frame(T.data, F.end, 3, 'quick'))
    expect((await readBody(await quick.response)).text).toBe('quick')
    const body = readBody(response)
    await peer.received(T.window, 1)
    peer.send(frame(T.data, F.end, 1, 'end'))
    expect((await body).text).toHaveLength(8 * 16_384 + 3)
  })

  test('more than the window is no response', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool)
    const { peer } = await upstream.request(1)
    peer.send(head(1))
    const { body } = await response
    for (let n = 0; n < 9; n++) peer.send(frame(T.data, 0, 1, Buffer.alloc(16_384)))
    expect(await peer.reset(1)).toBe(3)
    await expect(readBody({ status: 200, headers: new HeaderList(), body })).rejects.toMatchObject({
      reason: 'malformed',
    })
  })
})

describe('GOAWAY and refusals', () => {
  test('what the upstream did not begin with is sent again on another connection, whatever its method', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const first = ask(pool, { target: '/1' })
    const second = ask(pool, { method: 'POST', target: '/2', body: { kind: 'fixed', bytes: Buffer.from('again') } })
    const { peer } = await upstream.request(3)
    await peer.body(3)
    peer.send(frame(T.goaway, 0, 0, u32(1, 0)))
    const { peer: other, fields } = await upstream.request(1, 1)
    expect(fields[':path']).toBe('/2')
    expect(await other.body(1)).toBe('again')
    other.send(head(1, [], F.end))
    peer.send(head(1), frame(T.data, F.end, 1, 'first'))
    expect((await readBody(await first.response)).text).toBe('first')
    expect((await second.response).status).toBe(200)
    await until('end of the first connection', () => peer.isClosed)
    expect(pool.stats()).toMatchObject({ failures: 0, retries: 1 })
  })

  test('a streamed body that has begun is not sent again', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const upload = streamBody()
    const { response } = ask(pool, { method: 'POST', body: upload.body })
    upload.write('part')
    const { peer } = await upstream.request(1)
    await peer.received(T.data, 1)
    peer.send(frame(T.goaway, 0, 0, u32(0, 0)))
    expect(await reasonOf(response)).toBe('gone')
    expect(upload.canceled()).toBeDefined()
  })

  test('a graceful GOAWAY: streams finish, new ones go elsewhere', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const first = ask(pool)
    const { peer } = await upstream.request(1)
    peer.send(frame(T.goaway, 0, 0, u32(2 ** 31 - 1, 0)))
    await peer.settled()
    ask(pool, { target: '/elsewhere' })
    expect((await upstream.request(1, 1)).fields[':path']).toBe('/elsewhere')
    peer.send(head(1, [], F.end))
    expect((await first.response).status).toBe(200)
  })

  test('a refused stream is sent again, but not for ever', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool, { method: 'POST', body: { kind: 'fixed', bytes: Buffer.from('x') } })
    for (const id of [1, 3, 5]) {
      const { peer } = await upstream.request(id)
      peer.send(frame(T.rst, 0, id, u32(7)))
    }
    const failure = await failureOf(response)
    expect(failure.reason).toBe('refused')
    expect(failure.isRetryable()).toBe(true)
  })

  test('a stream that is reset is not sent again', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool)
    const { peer } = await upstream.request(1)
    peer.send(frame(T.rst, 0, 1, u32(2)))
    expect(await reasonOf(response)).toBe('reset-before-response')
    expect(upstream.sockets).toHaveLength(1)
  })

  test('no more streams than the upstream allows go by one connection', async () => {
    await using upstream = await startFrames(frame(T.settings, 0, 0, settings([3, 2])))
    await using pool = poolTo(upstream.port)
    ask(pool)
    const { peer } = await upstream.request(1)
    await peer.settled()
    ask(pool)
    ask(pool)
    await upstream.request(3)
    await upstream.request(1, 1)
    expect(upstream.sockets).toHaveLength(2)
  })
})

describe('connections that fail', () => {
  test('nobody listens', async () => {
    await using pool = poolTo(await closedPort())
    expect(await reasonOf(ask(pool).response)).toBe('unreachable')
    expect(pool.stats()).toMatchObject({ active: 0, idle: 0, failures: 1 })
  })

  test('a connection that was given up before it was made takes no request', async () => {
    await using upstream = await startRawUpstream((socket) => void socket.resume())
    let dialed = 0
    const dial = (): DialedSocket => {
      dialed++
      // Never ready: nobody speaks TLS here.
      return { socket: connect(upstream.port, '127.0.0.1'), readyEvent: 'secureConnect' }
    }
    await using pool = poolTo(upstream.port, { dial })
    const timeouts = { connectMs: 30 }
    const again = failureOf(ask(pool, { timeouts }).response).then((first) => {
      expect(first.category).toEqual({ kind: 'timeout', reason: 'connect' })
      return failureOf(ask(pool, { timeouts }).response)
    })
    expect((await again).category).toEqual({ kind: 'timeout', reason: 'connect' })
    expect(dialed).toBe(2)
  })

  test('a handshake that failed is explained by who knows of it', async () => {
    const told = new VaneError({ kind: 'upstream', reason: 'tls-handshake' }, 'its certificate has expired')
    await using pool = poolTo(await closedPort(), { explain: () => told })
    expect(await failureOf(ask(pool).response)).toBe(told)
  })

  test('an upstream that speaks HTTP/1.1', async () => {
    await using upstream = await startRawUpstream((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'))
    })
    await using pool = poolTo(upstream.port)
    expect(await reasonOf(ask(pool).response)).toBe('malformed')
  })

  test('broken off before the response: once more where that does no harm, and on a kept connection', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const fresh = ask(pool)
    const { peer: first } = await upstream.request(1)
    first.socket.destroy()
    expect(await reasonOf(fresh.response)).toBe('reset-before-response')
    const kept = ask(pool)
    const { peer: second } = await upstream.request(1, 1)
    second.send(head(1, [], F.end))
    await kept.response
    const get = ask(pool)
    await upstream.request(3, 1)
    second.socket.destroy()
    const { peer: third } = await upstream.request(1, 2)
    third.send(head(1, [], F.end))
    expect((await get.response).status).toBe(200)
    const post = ask(pool, { method: 'POST', body: { kind: 'fixed', bytes: Buffer.from('x') } })
    await upstream.request(3, 2)
    third.socket.destroy()
    expect(await reasonOf(post.response)).toBe('reset-on-idle-pickup')
  })

  test('broken off within the response', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool)
    const { peer } = await upstream.request(1)
    peer.send(head(1), frame(T.data, 0, 1, 'part'))
    const body = readBody(await response)
    peer.socket.destroy()
    await expect(body).rejects.toMatchObject({ reason: 'reset-mid-request' })
  })

  test('silence: the upstream is asked whether it lives, and given up', async () => {
    await using upstream = await startRawUpstream((socket) => void socket.resume())
    await using pool = poolTo(upstream.port, { pingAfterMs: 50 })
    const { response } = ask(pool)
    expect((await failureOf(response)).message).toContain('ETIMEDOUT')
    expect(upstream.sockets).toHaveLength(1)
  })

  test('silence that is answered is none', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port, { pingAfterMs: 30 })
    const { response } = ask(pool)
    const { peer } = await upstream.request(1)
    for (let n = 0; n < 3; n++) {
      const ping = await until('PING', () => peer.frames.filter(({ type, flags }) => type === T.ping && flags === 0)[n])
      peer.send(frame(T.ping, F.ack, 0, ping.payload))
    }
    peer.send(head(1, [], F.end))
    expect((await response).status).toBe(200)
  })

  test('a connection that nobody uses is closed', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port, { idleTimeoutMs: 50 })
    const { response } = ask(pool)
    const { peer } = await upstream.request(1)
    peer.send(head(1, [], F.end))
    await response
    expect(await peer.goaway()).toBe(0)
    await until('no connection', () => pool.stats().idle === 0)
  })

  test('retire: connections close after what is on them', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool)
    const { peer } = await upstream.request(1)
    pool.retire()
    peer.send(head(1, [], F.end))
    expect((await response).status).toBe(200)
    expect(await peer.goaway()).toBe(0)
  })

  test('close: everything ends', async () => {
    await using upstream = await startFrames()
    const pool = poolTo(upstream.port)
    const { response } = ask(pool)
    await upstream.request(1)
    pool.close()
    expect((await failureOf(response)).kind).toBe('canceled')
  })
})

describe('an upstream that does not agree to HTTP/2', () => {
  const plain = (port: number) => ({
    socket: Object.assign(connect(port, '127.0.0.1'), { alpnProtocol: 'http/1.1' }),
    readyEvent: 'connect' as const,
  })

  test('without anything to fall back on', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port, { dial: () => plain(upstream.port) })
    expect(await reasonOf(ask(pool).response)).toBe('tls-handshake')
  })

  test('requests go by the other version, those after it without asking again', async () => {
    await using upstream = await startFrames()
    const targets: string[] = []
    const canceled: Error[] = []
    const spent: number[] = []
    await using pool = poolTo(upstream.port, {
      dial: () => plain(upstream.port),
      fallback: {
        send: ({ target, attempt }, listener) => {
          targets.push(target)
          spent.push(attempt.spentMs)
          if (target !== '/hangs')
            listener.onResponse({ status: 200, headers: new HeaderList(), body: { kind: 'empty' } }, '1.1')
          return { cancel: (reason) => canceled.push(reason) }
        },
      },
    })
    const upload = streamBody()
    const timeouts = { totalMs: 60_000 }
    const first = ask(pool, { method: 'POST', target: '/1', body: upload.body, timeouts })
    const hanging = ask(pool, { target: '/hangs' })
    expect((await first.response).status).toBe(200)
    expect(upload.canceled()).toBeUndefined()
    expect((await ask(pool, { target: '/2' }).response).status).toBe(200)
    hanging.exchange.cancel(new Error('client is gone'))
    expect(canceled).toHaveLength(1)
    expect(targets).toEqual(['/1', '/hangs', '/2'])
    // The time for the whole exchange does not begin anew.
    expect(spent).toEqual([expect.closeTo(0, -4), 0, 0])
    expect(spent[0]).toBeGreaterThan(0)
    expect(upstream.sockets).toHaveLength(1)
  })
})

describe('timeouts', () => {
  test.each([
    ['read', { firstByteMs: 50 }],
    ['total', { totalMs: 50 }],
    ['total', { totalMs: 100_000 }, { number: 2, spentMs: 99_950 }],
  ])('%s', async (reason, timeouts, attempt = ONLY_ATTEMPT) => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool, { timeouts, attempt })
    const { peer } = await upstream.request(1)
    expect(await failureOf(response)).toMatchObject({ kind: 'timeout', reason })
    expect(await peer.reset(1)).toBe(8)
  })

  test('idle, within the response', async () => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool, { timeouts: { idleMs: 50 } })
    const { peer } = await upstream.request(1)
    peer.send(head(1), frame(T.data, 0, 1, 'part'))
    await expect(readBody(await response)).rejects.toMatchObject({ kind: 'timeout', reason: 'idle' })
    expect(await peer.reset(1)).toBe(8)
  })

  test('idle, of an upstream that takes nothing', async () => {
    await using upstream = await startFrames(frame(T.settings, 0, 0, settings([4, 0])))
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool, {
      method: 'POST',
      body: { kind: 'fixed', bytes: Buffer.alloc(100_000) },
      timeouts: { idleMs: 50 },
    })
    const { peer } = await upstream.request(1)
    expect(await failureOf(response)).toMatchObject({ kind: 'timeout', reason: 'idle' })
    expect(await peer.reset(1)).toBe(8)
  })
})

describe('responses that are none', () => {
  const WRONG: readonly (readonly [what: string, frames: (id: number) => Buffer[]])[] = [
    ['no status', (id) => [frame(T.headers, 5, id, hpack([['x', 'y']]))]],
    ['a status of four digits', (id) => [frame(T.headers, 5, id, hpack([[':status', '2000']]))]],
    ['status 101', (id) => [frame(T.headers, 4, id, hpack([[':status', '101']]))]],
    ['two statuses', (id) => [head(id, [[':status', '200']], F.end)]],
    ['a request pseudo-header field', (id) => [head(id, [[':path', '/']], F.end)]],
    ['a field of the connection', (id) => [head(id, [['connection', 'close']], F.end)]],
    ['transfer-encoding', (id) => [head(id, [['transfer-encoding', 'chunked']], F.end)]],
    ['a capital in a name', (id) => [head(id, [['X-Y', 'z']], F.end)]],
    ['a line break in a value', (id) => [head(id, [['x', 'a\r\nb']], F.end)]],
    [
      'two lengths',
      (id) => [
        head(
          id,
          [
            ['content-length', '0'],
            ['content-length', '0'],
          ],
          F.end,
        ),
      ],
    ],
    ['a length and no content', (id) => [head(id, [['content-length', '5']], F.end)]],
    ['an interim response that ends it', (id) => [frame(T.headers, 5, id, hpack([[':status', '103']]))]],
    ['content before the head', (id) => [frame(T.data, 0, id, 'x')]],
    [
      'too many interim responses',
      (id) => Array<Buffer>(17).fill(frame(T.headers, 4, id, hpack([[':status', '103']]))),
    ],
    [
      'a head that is too large',
      (id) => [
        head(
          id,
          Array.from({ length: 5 }, (_, n) => [`x${n}`, 'y'.repeat(3_000)]),
          F.end,
        ),
      ],
    ],
  ]
  test.each(WRONG)('%s', async (_what, frames) => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port, { maxHeaderBytes: 10_000 })
    const { response } = ask(pool)
    const { peer } = await upstream.request(1)
    peer.send(...frames(1))
    expect(await reasonOf(response)).toBe('malformed')
    expect(await peer.reset(1)).toBe(1)
    const next = ask(pool)
    await peer.received(T.headers, 3)
    peer.send(head(3, [], F.end))
    expect((await next.response).status).toBe(200)
  })

  test.each([
    ['shorter', 'x'],
    ['longer', 'xxx'],
  ])('content %s than its length', async (_what, text) => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool)
    const { peer } = await upstream.request(1)
    peer.send(head(1, [['content-length', '2']]), frame(T.data, F.end, 1, text))
    await expect(response.then(readBody)).rejects.toMatchObject({ reason: 'malformed' })
  })

  test.each([
    ['PUSH_PROMISE', frame(T.push, 4, 1, Buffer.concat([u32(2), hpack([[':status', '200']])]))],
    ['HEADERS on a stream of its own', head(2, [], F.end)],
    ['ENABLE_PUSH', frame(T.settings, 0, 0, settings([2, 1]))],
    ['no HPACK', frame(T.headers, 5, 1, Buffer.from([0x80]))],
  ])('%s ends the connection', async (_what, bytes) => {
    await using upstream = await startFrames()
    await using pool = poolTo(upstream.port)
    const { response } = ask(pool)
    const { peer } = await upstream.request(1)
    peer.send(bytes)
    expect(await reasonOf(response)).toBe('malformed')
    expect(await peer.goaway()).toBeGreaterThan(0)
  })
})
