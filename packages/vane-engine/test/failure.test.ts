import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { graphOf, proxyTo } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { closedPort, startRawUpstream, startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const GET = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'

test.each([
  ['chunked', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n'],
  ['of declared length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart'],
])('cuts the client off where an upstream dies within a response %s', async (_framing, head) => {
  let peer: Socket | undefined
  await using upstream = await startRawUpstream((socket) => {
    peer = socket
    socket.once('data', () => socket.write(head))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.received('part')
  peer!.destroy()
  const text = await client.closed()
  expect(text).not.toContain('\r\n0\r\n')
  await until('trajectory', () => vane.trajectories[0])
  expect(vane.trajectories[0]).toMatchObject({ outcome: 'failed', status: 200, bytesOut: 4 })
  expect(vane.engine.stats().errors.upstream).toBe(1)
})

test('resets an HTTP/1.0 client, for whom an orderly end would be the end of the body', async () => {
  let peer: Socket | undefined
  await using upstream = await startRawUpstream((socket) => {
    peer = socket
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n'))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.0\r\n\r\n')
  await client.received('part')
  peer!.resetAndDestroy()
  await client.closed()
  expect(client.closedBy).toBe('reset')
})

test('cancels the upstream request when the client goes away', async () => {
  const events: string[] = []
  await using upstream = await startUpstream((_req, res) => {
    res.write('first')
    res.on('close', () => events.push(res.writableFinished ? 'finished' : 'canceled'))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('first')
  client.socket.resetAndDestroy()
  await until('cancellation at the upstream', () => events[0])
  expect(events).toEqual(['canceled'])
  await until('trajectory', () => vane.trajectories[0]?.outcome === 'canceled')
  expect(vane.engine.stats().requests).toMatchObject({ active: 0, canceled: 1 })
})

test('cancels the upstream request when the client goes away before the response', async () => {
  const events: string[] = []
  await using upstream = await startUpstream((_req, res) => res.on('close', () => events.push('canceled')))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await until('request at the upstream', () => upstream.sockets.length === 1)
  client.socket.resetAndDestroy()
  await until('cancellation at the upstream', () => events[0])
  await until('trajectory', () => vane.trajectories[0]?.outcome === 'canceled')
})

test('breaks an upload off at the upstream when the client goes away within it', async () => {
  const events: string[] = []
  await using upstream = await startUpstream((req) => {
    req.on('data', () => events.push('data'))
    req.on('end', () => events.push('end'))
    req.on('error', () => events.push('broken'))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await until('data at the upstream', () => events.includes('data'))
  client.socket.destroy()
  await until('end of the upload', () => events.length === 2)
  expect(events).toEqual(['data', 'broken'])
})

test('answers 502 where nobody listens, and tells the client nothing of it', async () => {
  await using vane = await startEngine(graphOf(proxyTo(await closedPort())))
  const text = await exchangeRaw(vane.port, GET)
  expect(text).toMatch(/^HTTP\/1\.1 502 [^]*\r\n\r\n502 Bad Gateway\n$/)
  expect(vane.logs.find(({ level }) => level === 'warn')?.fields).toMatchObject({
    rule: 'test',
    node: 'fetch',
    name: 'http_proxy',
  })
  expect(vane.trajectories[0]?.error).toContain('ECONNREFUSED')
})

test('answers 502 where a name does not resolve', async () => {
  const graph = graphOf({
    ...(proxyTo(1) as Extract<ReturnType<typeof proxyTo>, { type: 'http_proxy' }>),
    upstream: { kind: 'tcp', host: 'no-such-host.invalid', port: 80 },
  })
  await using vane = await startEngine(graph)
  expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 502 /)
})

test.each([
  ['no HTTP at all', 'SSH-2.0-OpenSSH\r\n'],
  ['status 99', 'HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n'],
  ['length and chunked', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['other coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nx'],
  ['bare CR in a value', 'HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n'],
  ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
  ['endless interim responses', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)],
  ['nothing', ''],
])('answers 502 to an upstream that sends %s', async (_what, bytes) => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => socket.end(bytes))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  expect(
    await exchangeRaw(vane.port, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx'),
  ).toMatch(/HTTP\/1\.1 502 /)
})

test('answers 504 where the first byte does not come in time', async () => {
  const events: string[] = []
  await using upstream = await startUpstream((_req, res) => res.on('close', () => events.push('canceled')))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts: { firstByteMs: 40 } })))
  expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 504 /)
  await until('cancellation at the upstream', () => events[0])
  expect(vane.engine.stats().errors.timeout).toBe(1)
})

test('answers 504 where the total time runs out before the response, and cuts off after it began', async () => {
  await using upstream = await startUpstream((req, res) => {
    if (req.url === '/begun') res.write('begun')
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts: { totalMs: 60 } })))
  expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 504 /)
  const text = await exchangeRaw(vane.port, GET.replace('/', '/begun'))
  expect(text).toContain('begun')
  expect(text).not.toContain('\r\n0\r\n')
})

test('cuts off where a response stalls', async () => {
  await using upstream = await startUpstream((_req, res) => res.write('begun'))
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts: { idleMs: 60 } })))
  const text = await exchangeRaw(vane.port, GET)
  expect(text).toContain('begun')
  expect(text).not.toContain('\r\n0\r\n')
})

test('answers 504 where a connection is not accepted in time', async () => {
  await using vane = await startEngine(
    graphOf({
      ...(proxyTo(1, { timeouts: { connectMs: 50 } }) as Extract<ReturnType<typeof proxyTo>, { type: 'http_proxy' }>),
      // Reserved for documentation (RFC 5737): packets to it go nowhere, or are refused at once.
      upstream: { kind: 'tcp', host: '192.0.2.1', port: 9 },
    }),
  )
  expect(await exchangeRaw(vane.port, GET)).toMatch(/^HTTP\/1\.1 50[24] /)
})

test('answers 503 where no connection to the upstream becomes free in time', async () => {
  await using upstream = await startUpstream(() => {})
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts: { connectMs: 1_000 } })))
  const clients = await Promise.all(Array.from({ length: 100 }, () => connectRaw(vane.port)))
  for (const client of clients) client.send(GET)
  await until('all connections in use', () => upstream.sockets.length === 100)
  const text = await exchangeRaw(vane.port, GET)
  expect(text).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1/)
  for (const client of clients) client[Symbol.dispose]()
})

test('repeats a request on a fresh connection where the kept one has died', async () => {
  let served = 0
  await using upstream = await startRawUpstream((socket) => {
    let requests = 0
    socket.on('data', () => {
      // Each connection serves one request and breaks at the next, as a server does that restarts.
      if (++requests > 1) socket.resetAndDestroy()
      else socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n#${served++}`)
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  expect(await exchangeRaw(vane.port, GET)).toMatch(/#0$/)
  await until('connection kept', () => vane.engine.stats().upstreams[0]?.idle === 1)
  expect(await exchangeRaw(vane.port, GET)).toMatch(/#1$/)
  expect(vane.engine.stats().upstreams[0]).toMatchObject({ retries: 1, failures: 0 })
})

test('gives every kept connection up where one has died', async () => {
  let waiting: (() => void)[] = []
  await using upstream = await startRawUpstream((socket) => {
    let requests = 0
    socket.on('data', () => {
      if (++requests > 1) socket.resetAndDestroy()
      else waiting.push(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'))
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const first = Promise.all([exchangeRaw(vane.port, GET), exchangeRaw(vane.port, GET), exchangeRaw(vane.port, GET)])
  await until('three requests at the upstream', () => waiting.length === 3)
  for (const answer of waiting) answer()
  await first
  await until('connections kept', () => vane.engine.stats().upstreams[0]?.idle === 3)
  waiting = []
  const next = exchangeRaw(vane.port, GET)
  await until('request on a fourth connection', () => waiting[0])
  waiting[0]!()
  expect(await next).toMatch(/^HTTP\/1\.1 200 /)
  expect(upstream.sockets).toHaveLength(4)
})

test('does not repeat a request whose body has been streamed', async () => {
  let puts = 0
  await using upstream = await startRawUpstream((socket) => {
    let requests = 0
    socket.on('data', (chunk) => {
      if (chunk.toString().startsWith('PUT')) puts++
      if (++requests > 1) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  await exchangeRaw(vane.port, GET)
  await until('connection kept', () => vane.engine.stats().upstreams[0]?.idle === 1)
  using client = await connectRaw(vane.port)
  client.send('PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nconnection: close\r\n\r\na')
  const text = await client.closed()
  expect(text).toMatch(/^HTTP\/1\.1 502 /)
  expect(puts).toBe(1)
  expect(vane.engine.stats().upstreams[0]).toMatchObject({ retries: 0, failures: 1 })
})

test('repeats a request whose body came with its head', async () => {
  const puts: string[] = []
  await using upstream = await startRawUpstream((socket) => {
    let requests = 0
    socket.on('data', (chunk) => {
      const text = chunk.toString()
      if (text.startsWith('PUT')) puts.push(text.slice(-3))
      if (++requests > 1) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  await exchangeRaw(vane.port, GET)
  await until('connection kept', () => vane.engine.stats().upstreams[0]?.idle === 1)
  const put = 'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc'
  expect(await exchangeRaw(vane.port, put)).toMatch(/^HTTP\/1\.1 200 /)
  expect(puts).toEqual(['abc', 'abc'])
  expect(vane.engine.stats().upstreams[0]).toMatchObject({ retries: 1, failures: 0 })
})

test('does not repeat a POST', async () => {
  let posts = 0
  await using upstream = await startRawUpstream((socket) => {
    let requests = 0
    socket.on('data', (chunk) => {
      if (chunk.toString().startsWith('POST')) posts++
      if (++requests > 1) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  await exchangeRaw(vane.port, GET)
  await until('connection kept', () => vane.engine.stats().upstreams[0]?.idle === 1)
  const text = await exchangeRaw(
    vane.port,
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
  )
  expect(text).toMatch(/^HTTP\/1\.1 502 /)
  expect(posts).toBe(1)
})

test('survives clients and upstreams that reset at every moment', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.on('data', (chunk) => {
      const text = chunk.toString()
      const at = Number(/\/at(\d)/.exec(text)?.[1] ?? 9)
      const steps = ['HTTP/1.1 200 OK\r\n', 'transfer-encoding: chunked\r\n\r\n', '3\r\nabc\r\n', '0\r\n\r\n']
      for (const step of steps.slice(0, at)) socket.write(step)
      if (at < steps.length) socket.resetAndDestroy()
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const request = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`
  const runs: Promise<void>[] = []
  for (let at = 0; at <= 4; at++) {
    const bytes = request(`/at${at}`)
    for (let cut = 0; cut <= bytes.length; cut += 6) {
      runs.push(
        connectRaw(vane.port).then(async (client) => {
          client.socket.write(bytes.slice(0, cut), () => client.socket.resetAndDestroy())
          await until('socket closed', () => client.socket.destroyed)
        }),
      )
    }
    runs.push(
      connectRaw(vane.port).then(async (client) => {
        client.send(bytes)
        await until('answer or end', () => client.closedBy ?? /HTTP\/1\.1 \d/.test(client.text))
        client.socket.resetAndDestroy()
      }),
    )
  }
  await Promise.all(runs)
  await until('connections gone', () => vane.engine.stats().connections.active === 0)
  expect(vane.engine.stats().requests.active).toBe(0)
  expect(vane.engine.stats().errors.internal).toBe(0)
  expect(await exchangeRaw(vane.port, request('/at4').replace('host: a', 'host: a\r\nconnection: close'))).toContain(
    'abc',
  )
})

test('a response that a reset breaks off is cut, even where only the end of the connection would have ended it', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\npartial')
      // The bytes are out before the reset follows them.
      setImmediate(() => setTimeout(() => socket.resetAndDestroy(), 20))
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  const text = await client.closed()
  expect(text).toContain('partial')
  expect(text).not.toContain('\r\n0\r\n')
})
