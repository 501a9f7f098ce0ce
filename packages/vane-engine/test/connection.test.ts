import { expect, test } from 'vitest'
import { answer, graphOf, GraphBuilder, proxyTo } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

test('keeps a connection for further requests', async () => {
  await using vane = await startEngine(graphOf(answer('hi')))
  using client = await connectRaw(vane.port)
  for (let i = 1; i <= 3; i++) {
    client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await until('response', () => client.text.split('hi').length === i + 1)
  }
  expect(client.text).not.toMatch(/connection:|keep-alive:/i)
  expect(vane.engine.stats().connections).toEqual({ active: 1, total: 1 })
})

test('answers pipelined requests in their order, one at a time', async () => {
  const held: (() => void)[] = []
  const seen: string[] = []
  await using upstream = await startUpstream((req, res) => {
    seen.push(req.url ?? '')
    if (req.url === '/1') held.push(() => res.end('first'))
    else res.end(`later ${req.url}`)
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''))
  await until('first held', () => held.length === 1)
  expect(seen).toEqual(['/1'])
  held[0]!()
  await client.received('later /3')
  expect(client.text.match(/first|later \/\d/g)).toEqual(['first', 'later /2', 'later /3'])
})

test('reads no further into what a client pipelines while its first request waits', async () => {
  let calls = 0
  const held: (() => void)[] = []
  await using upstream = await startUpstream((_req, res) => {
    calls++
    held.push(() => res.end('x'))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  const flood = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(400_000)
  client.send(flood)
  await until('first held', () => held.length === 1)
  await until('bytes read', () => vane.engine.stats().bytes.received > 65_536)
  // What neither side's system buffers takes in stays with the client.
  expect(vane.engine.stats().bytes.received).toBeLessThan(1_048_576)
  expect(client.socket.writableLength).toBeGreaterThan(0)
  held[0]!()
  await until('second request', () => held.length === 2)
  expect(calls).toBe(2)
})

test('goes on behind a request whose wish for another protocol is not granted', async () => {
  const seen: string[] = []
  await using upstream = await startUpstream((req, res) => {
    seen.push(`${req.url} ${req.headers.upgrade ?? '-'}`)
    res.end('answer')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('GET /a HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nGET /b HTTP/1.1\r\nhost: b\r\n')
  client.send('connection: close\r\n\r\n')
  expect((await client.closed()).match(/HTTP\/1\.1 200 /g)).toHaveLength(2)
  expect(seen).toEqual(['/a -', '/b -'])
})

test('answers a client that has ended its side', async () => {
  await using upstream = await startUpstream((_req, res) => setTimeout(() => res.end('late'), 30))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.socket.end('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  expect(await client.closed()).toMatch(/\r\n\r\nlate$/)
})

test('closes after a response to HTTP/1.0, or keeps the connection where it is asked to', async () => {
  await using vane = await startEngine(graphOf(answer('hi')))
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/connection: close\r\n\r\nhi$/i)
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n')
  expect(await client.received('hi')).toMatch(/connection: keep-alive\r\n/i)
  client.send('GET / HTTP/1.0\r\n\r\n')
  expect((await client.closed()).match(/hi/g)).toHaveLength(2)
})

test('marks the end of a streamed response to HTTP/1.0 by closing', async () => {
  await using upstream = await startUpstream((_req, res) => {
    res.write('a')
    res.end('b')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const text = await exchangeRaw(vane.port, 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n')
  expect(text).toMatch(/connection: close\r\n\r\nab$/i)
  expect(text).not.toMatch(/transfer-encoding/i)
})

test.each([
  ['garbage', 'hello there\r\n\r\n', 400],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two hosts', 'GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n', 400],
  ['host that is none', 'GET / HTTP/1.1\r\nhost: a/b\r\n\r\n', 400],
  [
    'length and chunked',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['two lengths', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc', 400],
  ['other coding', 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 400],
  ['chunked in HTTP/1.0', 'POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['fragment in target', 'GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  ['obs-fold', 'GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n 2\r\n\r\n', 400],
  ['space before colon', 'GET / HTTP/1.1\r\nhost : a\r\n\r\n', 400],
  ['asterisk with GET', 'GET * HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n', 405],
  ['TRACE', 'TRACE / HTTP/1.1\r\nhost: a\r\n\r\n', 405],
  ['unknown expectation', 'POST / HTTP/1.1\r\nhost: a\r\nexpect: magic\r\ncontent-length: 1\r\n\r\nx', 417],
  ['too many fields', `GET / HTTP/1.1\r\nhost: a\r\n${'x: 1\r\n'.repeat(100)}\r\n`, 431],
  ['too large a head', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`, 431],
])('refuses %s and closes', async (_what, request, status) => {
  let calls = 0
  await using upstream = await startUpstream((_req, res) => {
    calls++
    res.end()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const text = await exchangeRaw(vane.port, request)
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(text).toMatch(/connection: close/i)
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
  expect(calls).toBe(0)
})

test('refuses a body whose chunks are malformed, and the upstream never sees an end of it', async () => {
  const ends: string[] = []
  await using upstream = await startUpstream((req) => {
    req.on('data', () => ends.push('data'))
    req.on('end', () => ends.push('end'))
    req.on('error', () => ends.push('broken'))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await until('first chunk at the upstream', () => ends[0])
  client.send('ZZ\r\n')
  expect(await client.closed()).toMatch(/^HTTP\/1\.1 400 /)
  await until('upstream request broken off', () => ends.length === 2)
  expect(ends).toEqual(['data', 'broken'])
  await until('trajectory', () => vane.trajectories[0]?.status === 400)
  expect(vane.engine.stats()).toMatchObject({
    requests: { total: 1, active: 0, byStatus: { '4xx': 1 } },
    errors: { protocol: 1 },
  })
})

test('closes a connection that begins with a TLS handshake, without a byte in clear', async () => {
  await using vane = await startEngine(graphOf(answer('hi')))
  expect(await exchangeRaw(vane.port, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')).toBe('')
})

test('does nothing about requests that are pipelined behind a refused one', async () => {
  const paths: (string | undefined)[] = []
  await using upstream = await startUpstream((req, res) => {
    paths.push(req.url)
    res.end('ok')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const text = await exchangeRaw(
    vane.port,
    'GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\nGET /3 HTTP/1.1\r\nhost: a\r\n\r\n',
  )
  expect(text).toMatch(/^HTTP\/1\.1 200 [^]*okHTTP\/1\.1 400 /)
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(2)
  expect(paths).toEqual(['/1'])
})

test('closes a connection whose request head does not come in time', async () => {
  await using vane = await startEngine(graphOf(answer('hi')), { limits: { headerTimeoutMs: 50 } })
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost:')).toMatch(/^HTTP\/1\.1 408 /)
  expect(vane.engine.stats().limitHits).toEqual({ header_timeout: 1 })
})

test('ends a request whose body stalls', async () => {
  await using upstream = await startUpstream((req) => void req.resume())
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)), { limits: { bodyIdleTimeoutMs: 50 } })
  const text = await exchangeRaw(vane.port, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc')
  expect(text).toMatch(/^HTTP\/1\.1 408 [^]*connection: close/)
  expect(vane.engine.stats().limitHits).toEqual({ body_idle_timeout: 1 })
})

test('passes an upgrade request on as a plain one', async () => {
  let seen: string | undefined = 'unset'
  await using upstream = await startUpstream((req, res) => {
    seen = req.headers.upgrade
    res.end('plain')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n\r\n')
  expect(await client.received('plain')).toMatch(/^HTTP\/1\.1 200/)
  expect(seen).toBeUndefined()
})

test('answers a request that no rule matches with 404 and closes', async () => {
  const builder = new GraphBuilder()
  const graph = builder.listen(builder.terminate('close', 'unmatched')).build()
  await using vane = await startEngine(graph)
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 404 [^]*connection: close/,
  )
})

test('drops a request that a rule closes, without a byte', async () => {
  const builder = new GraphBuilder()
  const graph = builder.listen(builder.terminate('close')).build()
  await using vane = await startEngine(graph)
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n')).toBe('')
  await until('trajectory', () => vane.trajectories[0]?.outcome === 'closed')
})

test('resets a connection that the graph closes before HTTP', async () => {
  const builder = new GraphBuilder()
  const admitted = builder.node({ kind: 'upgrade', next: builder.path(answer('hi')) })
  const entry = builder.check(
    { op: 'cidr', field: 'remote.ip', value: '127.0.0.0/8' },
    builder.terminate('close'),
    admitted,
  )
  builder.entry('tcp:127.0.0.1:0', entry, { kind: 'ip', host: '127.0.0.1', port: 0, family: 4 })
  await using vane = await startEngine(builder.build())
  using client = await connectRaw(vane.port)
  await client.closed()
  expect(client.closedBy).toBe('reset')
})

test('takes the branches of checks and dispatches', async () => {
  const builder = new GraphBuilder()
  const dispatch = builder.node({
    kind: 'dispatch',
    field: 'http.host',
    lookup: 'equals',
    cases: [
      ['a.test', builder.path(answer('host a'))],
      [
        'b.test',
        builder.check(
          { op: 'prefix', field: 'http.uri.path', value: '/x' },
          builder.path(answer('b and x')),
          builder.path(answer('b')),
        ),
      ],
    ],
    default: builder.path(answer('default')),
  })
  await using vane = await startEngine(builder.listen(dispatch).build())
  const get = async (host: string, path: string): Promise<string | undefined> =>
    (await exchangeRaw(vane.port, `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)).split(
      '\r\n\r\n',
    )[1]
  expect(await get('A.TEST:80', '/')).toBe('host a')
  expect(await get('b.test', '/x/y')).toBe('b and x')
  expect(await get('b.test', '/')).toBe('b')
  expect(await get('c.test', '/')).toBe('default')
})

test('refuses connections over the limit at accept', async () => {
  await using vane = await startEngine(graphOf(answer('hi')), { limits: { maxTotalConns: 1 } })
  using first = await connectRaw(vane.port)
  first.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await first.received('hi')
  using second = await connectRaw(vane.port)
  await second.closed()
  expect(second.closedBy).toBe('reset')
  expect(vane.engine.stats().limitHits).toEqual({ max_total_conns: 1 })
})

test('fills in the variables of a static response', async () => {
  const graph = graphOf({
    type: 'static',
    response: {
      status: 308,
      headers: [
        ['location', 'https://${host}${uri}'],
        ['x-from', '${remote_ip} ${path} ${query}'],
      ],
      body: '',
    },
  })
  await using vane = await startEngine(graph)
  const text = await exchangeRaw(vane.port, 'GET /a?b=c HTTP/1.1\r\nhost: X.test:99\r\nconnection: close\r\n\r\n')
  expect(text).toContain('location: https://x.test/a?b=c\r\n')
  expect(text).toContain('x-from: 127.0.0.1 /a b=c\r\n')
})

test('a line that ends in a bare LF is malformed, not of another version', async () => {
  await using vane = await startEngine(graphOf(answer('hi')))
  expect(await exchangeRaw(vane.port, 'GET / HTTP/1.1\nhost: a\n\n')).toMatch(/^HTTP\/1\.1 400 /)
  expect(await exchangeRaw(vane.port, 'GET / HTTP/3.7\r\nhost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 505 /)
})

test('refuses a request whose body can come no more, when its turn comes', async () => {
  const held: (() => void)[] = []
  const seen: string[] = []
  await using upstream = await startUpstream((req, res) => {
    seen.push(req.url ?? '')
    held.push(() => res.end('first'))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nPOST /2 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab')
  client.socket.end()
  await until('first held', () => held[0])
  held[0]!()
  expect((await client.closed()).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
  expect(seen).toEqual(['/1'])
})

test('answers a request once, whatever becomes of its body afterwards', async () => {
  await using upstream = await startUpstream((_req, res) => res.writeHead(403).end('early'))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nab')
  await client.received('early')
  client.socket.end()
  expect((await client.closed()).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 403'])
})
