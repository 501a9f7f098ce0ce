import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UpstreamStats } from '../src/upstream/upstream-pool.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Fate, startFlakyUnix, startFlakyUpstream } from './support/flaky-upstream.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { type StartedRules, startRules } from './support/start-rules.ts'
import { closedPort } from './support/upstream.ts'
import { until } from './support/until.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const GET_AND_CLOSE = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
const OK = /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/

const proxy = (port: number, retry: object = {}, keys: object = {}): object => ({
  terminate: { type: 'http_proxy', upstream: `127.0.0.1:${port}`, retry: { max_attempts: 3, ...retry }, ...keys },
})

function statsOf(vane: StartedRules): UpstreamStats {
  const [stats] = vane.engine.stats().upstreams
  return stats!
}

/** Waits until a request waits for its next attempt. */
const retried = (vane: StartedRules, count = 1): Promise<unknown> =>
  until(
    'an attempt has failed',
    () => vane.logs.filter(({ message }) => message.includes('tried again')).length >= count,
  )

const stepsOf = (vane: StartedRules): string[] | undefined =>
  vane.trajectories[0]?.steps.map(({ kind, branch }) => `${kind} ${branch}`)

describe('an upstream that dies before its response', () => {
  test.each<[string, Fate]>([
    ['as soon as it accepts', 'reset'],
    ['by a reset, when it has the request', 'reset-after-head'],
    ['in order, when it has the request', 'end-after-head'],
  ])('%s: is asked again', async (_how, fate) => {
    await using upstream = await startFlakyUpstream([fate])
    await using vane = await startRules([proxy(upstream.port)], {})
    expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(OK)
    expect(upstream.sockets).toHaveLength(2)
    expect(statsOf(vane)).toMatchObject({ requests: 1, failures: 0, retries: 1 })
    await until('trajectory', () => vane.trajectories.length === 1)
    expect(stepsOf(vane)).toEqual(['fetch retry', 'fetch response', 'terminate end'])
    expect(vane.trajectories[0]!.error).toBeUndefined()
    expect(vane.logs.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
    expect(vane.engine.stats().errors.upstream).toBe(0)
  })

  test('refuses connections until it has come up', async () => {
    const port = await closedPort()
    await using vane = await startRules([proxy(port, { max_attempts: 10, backoff: { fixed: '100ms' } })], {})
    using client = await connectRaw(vane.port)
    client.send(GET_AND_CLOSE)
    await retried(vane)
    const server = createServer((_req, res) => res.end('ok'))
    onTestFinished(() => void server.close())
    server.listen(port, '127.0.0.1')
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('never comes up: as many attempts as the rule says, and the log says so', async () => {
    await using upstream = await startFlakyUpstream(Array<Fate>(9).fill('reset-after-head'))
    await using vane = await startRules([proxy(upstream.port)], {})
    expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(/^HTTP\/1\.1 502 /)
    expect(upstream.sockets).toHaveLength(3)
    expect(statsOf(vane)).toMatchObject({ requests: 1, failures: 1, retries: 2 })
    const failed = vane.logs.filter(({ level }) => level === 'warn')
    expect(failed).toMatchObject([
      { fields: { rule: 'r0', err: { category: { reason: 'reset-before-response' }, context: { attempts: 3 } } } },
    ])
    await until('trajectory', () => vane.trajectories.length === 1)
    expect(stepsOf(vane)).toEqual(['fetch retry', 'fetch retry', 'fetch error'])
    expect(vane.trajectories[0]!.error).toMatch(/broke the connection off before its response .*, in attempt 3 of 3$/)
    expect(vane.engine.stats().errors.upstream).toBe(1)
  })

  test('never takes the connection: each attempt has the time to connect', async () => {
    await using upstream = await startFlakyUpstream(['hang', 'hang', 'hang'])
    const tls = { tls: {}, timeouts: { connect: '30ms' } }
    await using vane = await startRules([proxy(upstream.port, { max_attempts: 2 }, tls)], {})
    expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(/^HTTP\/1\.1 504 /)
    expect(upstream.sockets).toHaveLength(2)
    await until('trajectory', () => vane.trajectories.length === 1)
    expect(vane.trajectories[0]!.error).toMatch(/connect timeout of 30 ms, in attempt 2 of 2$/)
  })

  test('without a retry it is asked once', async () => {
    await using upstream = await startFlakyUpstream(['reset-after-head'])
    await using vane = await startRules([proxy(upstream.port, { max_attempts: 1, backoff: { fixed: '1h' } })], {})
    expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(/^HTTP\/1\.1 502 /)
    expect(upstream.sockets).toHaveLength(1)
    expect(statsOf(vane)).toMatchObject({ requests: 1, failures: 1, retries: 0 })
  })
})

describe('what is never repeated', () => {
  test.each<[string, Fate, RegExp]>([
    ['a response that breaks off in its head', { send: 'HTTP/1.1 200 OK\r\ncont' }, /^HTTP\/1\.1 502 /],
    [
      'one that breaks off in its body',
      { send: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf' },
      /^HTTP\/1\.1 200 [^]*half$/,
    ],
    [
      'an interim response',
      { send: 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' },
      /^HTTP\/1\.1 103 [^]*HTTP\/1\.1 502 /,
    ],
    [
      'an error of the upstream',
      { send: 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n' },
      /^HTTP\/1\.1 503 /,
    ],
    ['what is no HTTP', { send: 'SSH-2.0-OpenSSH\r\n\r\n' }, /^HTTP\/1\.1 502 /],
  ])('%s', async (_what, fate, answer) => {
    await using upstream = await startFlakyUpstream([fate])
    await using vane = await startRules([proxy(upstream.port)], {})
    expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(answer)
    expect(upstream.sockets).toHaveLength(1)
    expect(statsOf(vane).retries).toBe(0)
  })

  test('an upstream that is slow to answer', async () => {
    await using upstream = await startFlakyUpstream(['hang'])
    await using vane = await startRules([proxy(upstream.port, {}, { timeouts: { first_byte: '30ms' } })], {})
    expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(/^HTTP\/1\.1 504 /)
    expect(upstream.sockets).toHaveLength(1)
  })

  test('a method that is not in the list, whatever the failure', async () => {
    await using upstream = await startFlakyUpstream(['reset-after-head', 'reset-after-head'])
    const rules = [proxy(upstream.port), proxy(await closedPort())]
    for (const rule of rules) {
      await using vane = await startRules([rule], {})
      const text = await exchangeRaw(
        vane.port,
        'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      )
      expect(text).toMatch(/^HTTP\/1\.1 502 /)
      expect(statsOf(vane)).toMatchObject({ requests: 1, failures: 1, retries: 0 })
    }
    expect(upstream.sockets).toHaveLength(1)
  })

  test('but one that is in the list is', async () => {
    await using upstream = await startFlakyUpstream(['reset-after-head'])
    await using vane = await startRules([proxy(upstream.port, { methods: ['POST'] })], {})
    const text = await exchangeRaw(
      vane.port,
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
    )
    expect(text).toMatch(OK)
    expect(upstream.sockets).toHaveLength(2)
  })
})

test('a kept connection that has died costs no attempt, once', async () => {
  const died: Fate[] = ['serve', 'reset-after-head', 'reset-after-head', 'serve']
  await using upstream = await startFlakyUpstream(died)
  await using vane = await startRules([proxy(upstream.port, { max_attempts: 2 })], {})
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('ok')
  await until('connection kept', () => statsOf(vane).idle === 1)
  // From now on the first connection dies of the next request, and so do the two after it.
  upstream.sockets[0]!.removeAllListeners('data').once('data', () => upstream.sockets[0]!.resetAndDestroy())
  client.send(GET)
  await client.received('502 Bad Gateway')
  expect(upstream.sockets).toHaveLength(3)
  expect(statsOf(vane)).toMatchObject({ requests: 2, failures: 1, retries: 2 })
  client.send(GET_AND_CLOSE)
  expect(await client.closed()).toMatch(/502 Bad Gateway\nHTTP\/1\.1 200 OK/)
})

describe('a request with a body', () => {
  const put = (framing: string, body: string): string =>
    `PUT / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${framing}\r\n\r\n${body}`
  const BODY = 'x'.repeat(100_000) + 'END'
  const CHUNKED = `5\r\nhello\r\n${(BODY.length - 5).toString(16)}\r\n${BODY.slice(5)}\r\n0\r\n\r\n`

  test('that came with its head is sent again, byte for byte', async () => {
    await using upstream = await startFlakyUpstream(['reset-after-head', 'reset-after-head'], 'END')
    await using vane = await startRules([proxy(upstream.port)], {})
    expect(await exchangeRaw(vane.port, put('content-length: 8', 'body\0END'))).toMatch(OK)
    expect(upstream.received[0]).toMatch(/content-length: 8\r\n\r\nbody\0END$/)
    expect(new Set(upstream.received).size).toBe(1)
    expect(upstream.received).toHaveLength(3)
  })

  test('that has begun to stream is given up with the first failure', async () => {
    await using upstream = await startFlakyUpstream(['reset-after-head'])
    await using vane = await startRules([proxy(upstream.port)], {})
    using client = await connectRaw(vane.port)
    client.send(put('content-length: 9', 'half'))
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 502 /)
    expect(upstream.sockets).toHaveLength(1)
    expect(statsOf(vane)).toMatchObject({ failures: 1, retries: 0 })
  })

  test.each([
    ['with a length', 'content-length: 100003', BODY],
    ['in chunks', 'transfer-encoding: chunked', CHUNKED],
  ])('that streams waits, %s, for a connection that takes it', async (_how, framing, body) => {
    const port = await closedPort()
    await using vane = await startRules([proxy(port, { max_attempts: 10, backoff: { fixed: '100ms' } })], {})
    using client = await connectRaw(vane.port)
    client.send(put(framing, body))
    await retried(vane)
    const received: Buffer[] = []
    const server = createServer((req, res) => {
      req.on('data', (chunk: Buffer) => received.push(chunk))
      req.on('end', () => res.end('ok'))
    })
    onTestFinished(() => void server.close())
    server.listen(port, '127.0.0.1')
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 200 /)
    expect(Buffer.concat(received).length).toBe(BODY.length)
  })

  test.each([
    ['with a length', 'content-length: 100003', BODY],
    ['in chunks', 'transfer-encoding: chunked', CHUNKED.replace('hello', 'xxxxx')],
  ])('that is buffered by force is sent again, the same each time, %s', async (_how, framing, body) => {
    await using upstream = await startFlakyUpstream(['reset-after-head', 'end-after-head'], 'END')
    await using vane = await startRules([proxy(upstream.port, { buffering: 'force' })], {})
    expect(await exchangeRaw(vane.port, put(framing, body))).toMatch(OK)
    expect(upstream.sockets).toHaveLength(3)
    const [, , last] = upstream.received
    expect(last).toMatch(/content-length: 100003\r\n\r\nx+END$/)
    expect(last).not.toContain('transfer-encoding')
    // The ones that died may not have read all of it, but nothing else.
    for (const text of upstream.received) expect(last!.startsWith(text)).toBe(true)
  })

  test.each([
    ['on the limit', 10, OK, 2],
    ['one byte over it', 11, /^HTTP\/1\.1 413 [^]*connection: close/, 0],
  ])('that is buffered by force, %s', async (_how, length, answer, attempts) => {
    for (const [framing, body] of [
      [`content-length: ${length}`, `${'x'.repeat(length - 3)}END`],
      ['transfer-encoding: chunked', `${length.toString(16)}\r\n${'x'.repeat(length - 3)}END\r\n0\r\n\r\n`],
    ] as const) {
      await using upstream = await startFlakyUpstream(['reset-after-head'], 'END')
      const rule = { ...proxy(upstream.port, { buffering: 'force' }), max_body_bytes_request: 10 }
      await using vane = await startRules([rule], {})
      expect(await exchangeRaw(vane.port, put(framing, body))).toMatch(answer)
      expect(upstream.sockets).toHaveLength(attempts)
    }
  })

  test('that waits for 100 Continue waits over a failure, and is asked for once', async () => {
    await using upstream = await startFlakyUpstream(['reset-after-head'], 'END')
    await using vane = await startRules([proxy(upstream.port)], {})
    using client = await connectRaw(vane.port)
    client.send(put('expect: 100-continue\r\ncontent-length: 7', ''))
    await until('second attempt', () => upstream.received[1]?.includes('\r\n\r\n'))
    for (const text of upstream.received) expect(text).toMatch(/expect: 100-continue\r\n/)
    expect(client.text).toBe('')
    upstream.sockets[1]!.write('HTTP/1.1 100 Continue\r\n\r\n')
    await client.received('100 Continue\r\n\r\n')
    client.send('bodyEND')
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[^]*ok$/)
    expect(upstream.received[1]).toMatch(/\r\n\r\nbodyEND$/)
  })

  test('that an upstream has asked for is not taken elsewhere', async () => {
    await using upstream = await startFlakyUpstream([{ send: 'HTTP/1.1 100 Continue\r\n\r\n' }])
    await using vane = await startRules([proxy(upstream.port)], {})
    using client = await connectRaw(vane.port)
    client.send(put('expect: 100-continue\r\ncontent-length: 7', ''))
    expect(await client.closed()).toMatch(/HTTP\/1\.1 502 /)
    expect(upstream.sockets).toHaveLength(1)
  })

  test('that is buffered by force is asked for by us, and goes on without the question', async () => {
    await using upstream = await startFlakyUpstream(['reset-after-head'], 'END')
    await using vane = await startRules([proxy(upstream.port, { buffering: 'force' })], {})
    using client = await connectRaw(vane.port)
    client.send(put('expect: 100-continue\r\ncontent-length: 7', ''))
    await client.received('100 Continue')
    client.send('bodyEND')
    expect(await client.closed()).toMatch(/200 OK[^]*ok$/)
    for (const text of upstream.received) expect(text).not.toContain('expect')
    expect(upstream.received[1]).toMatch(/bodyEND$/)
  })
})

describe('while it waits for the next attempt', () => {
  const WAITS = { backoff: { fixed: '1h' } }

  test.each([
    ['without a body', GET],
    ['with one that streams', 'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf'],
  ])('a client that goes away ends it, %s', async (_how, request) => {
    await using vane = await startRules([proxy(await closedPort(), WAITS)], {})
    using client = await connectRaw(vane.port)
    client.send(request)
    await retried(vane)
    client.socket.resetAndDestroy()
    await until('trajectory', () => vane.trajectories.length === 1)
    expect(vane.trajectories[0]).toMatchObject({ outcome: 'canceled', status: undefined })
    expect(vane.engine.stats().requests).toMatchObject({ active: 0, canceled: 1 })
  })

  test('the end of a drain ends it', async () => {
    await using vane = await startRules([proxy(await closedPort(), WAITS)], {})
    using client = await connectRaw(vane.port)
    client.send(GET)
    await retried(vane)
    expect(await vane.engine.drain(20)).toEqual({ forcedConnections: 1 })
    await client.closed()
    expect(client.text).toBe('')
  })

  test('closing the engine ends it, and nothing is asked after that', async () => {
    await using upstream = await startFlakyUpstream(['reset-after-head', 'hang'])
    const vane = await startRules([proxy(upstream.port, { max_attempts: 10 })], {})
    using client = await connectRaw(vane.port)
    client.send(GET)
    await until('second attempt', () => upstream.sockets.length === 2)
    await vane[Symbol.asyncDispose]()
    await client.closed()
    await until('connection closed', () => upstream.sockets[1]!.destroyed || upstream.sockets[1]!.readableEnded)
    expect(upstream.sockets).toHaveLength(2)
  })

  test('a reload lets it go on, to where it was going', async () => {
    const port = await closedPort()
    await using vane = await startRules([proxy(port, { max_attempts: 10, backoff: { fixed: '100ms' } })], {})
    using client = await connectRaw(vane.port)
    client.send(GET_AND_CLOSE)
    await retried(vane)
    await vane.reload([{ terminate: { type: 'static', status: 404 } }])
    const server = createServer((_req, res) => res.end('ok'))
    onTestFinished(() => void server.close())
    server.listen(port, '127.0.0.1')
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('it does not wait for what would come too late', async () => {
    await using vane = await startRules([proxy(await closedPort(), WAITS, { timeouts: { total: '59m' } })], {})
    expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(/^HTTP\/1\.1 502 /)
    expect(statsOf(vane)).toMatchObject({ failures: 1, retries: 0 })
  })
})

test('the time for the whole exchange is that of all attempts', async () => {
  await using upstream = await startFlakyUpstream(['reset-after-head', 'hang'])
  const keys = { timeouts: { total: '1s' } }
  await using vane = await startRules([proxy(upstream.port, { backoff: { fixed: '50ms' } }, keys)], {})
  expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(/^HTTP\/1\.1 504 /)
  expect(upstream.sockets).toHaveLength(2)
  await until('trajectory', () => vane.trajectories.length === 1)
  expect(vane.trajectories[0]!.error).toMatch(/total timeout of 1000 ms, in attempt 2 of 3$/)
})

test('Via names this proxy once, however often the request is sent', async () => {
  await using upstream = await startFlakyUpstream(['reset-after-head', 'reset-after-head'])
  await using vane = await startRules([proxy(upstream.port)], {}, { via: 'gate' })
  expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(/via: 1\.1 gate\r\n/)
  expect(upstream.received).toHaveLength(3)
  for (const text of upstream.received) expect(text.match(/gate/g)).toHaveLength(1)
})

test('an upgrade is asked for again', async () => {
  const switched = {
    send: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello',
  }
  await using upstream = await startFlakyUpstream(['reset-after-head', switched])
  const terminate = { type: 'websocket', upstream: `127.0.0.1:${upstream.port}`, retry: { max_attempts: 2 } }
  await using vane = await startRules([{ terminate }], {})
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
  await client.received('hello')
  expect(client.text).toMatch(/^HTTP\/1\.1 101 /)
  expect(upstream.sockets).toHaveLength(2)
  for (const text of upstream.received) expect(text).toMatch(/upgrade: websocket\r\n/)
})

describe('an upstream behind a Unix socket', () => {
  const folder = (): string => {
    const dir = mkdtempSync(join(tmpdir(), 'vane-retry-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    return join(dir, 'app.sock')
  }
  const unix = (path: string, retry: object): object => ({ terminate: { type: 'unix_proxy', path, retry } })

  test('that is not there yet', async () => {
    const path = folder()
    await using vane = await startRules([unix(path, { max_attempts: 10, backoff: { fixed: '100ms' } })], {})
    using client = await connectRaw(vane.port)
    client.send(GET_AND_CLOSE)
    await retried(vane)
    await using _upstream = await startFlakyUnix(path)
    expect(await client.closed()).toMatch(OK)
  })

  test.each<Fate>(['reset', 'reset-after-head', 'end-after-head'])('that dies: %s', async (fate) => {
    const path = folder()
    await using upstream = await startFlakyUnix(path, [fate, fate])
    await using vane = await startRules([unix(path, { max_attempts: 3 })], {})
    expect(await exchangeRaw(vane.port, GET_AND_CLOSE)).toMatch(OK)
    expect(upstream.received).toHaveLength(3)
    expect(statsOf(vane)).toMatchObject({ upstream: `unix:${path}`, requests: 1, failures: 0, retries: 2 })
  })
})
