import { issueCertificate } from 'vane-testkit'
import { expect, test } from 'vitest'
import { connectFrames } from './support/frame-client.ts'
import { answer, graphOf, proxyTo } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { startRules } from './support/start-rules.ts'
import { captureClientHello, shakeHands } from './support/tls-client.ts'
import { startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

test('an address has no more connections than it may, and the hit is counted and logged', async () => {
  const limits = { maxConnPerIp: 1, exemptLoopback: false }
  await using vane = await startEngine(graphOf(answer('hi')), { limits })
  {
    using first = await connectRaw(vane.port)
    first.send(REQUEST)
    await first.received('hi')
    using second = await connectRaw(vane.port)
    await second.closed()
    expect(second.closedBy).toBe('reset')
    expect(vane.engine.stats().limitHits).toEqual({ max_conn_per_ip: 1 })
    expect(vane.logs.filter(({ message }) => message === 'limit hit')).toEqual([
      { level: 'warn', message: 'limit hit', fields: { limit: 'max_conn_per_ip', address: '127.0.0.1' } },
    ])
  }
  await until('the first connection to be gone', () => vane.engine.stats().connections.active === 0)
  using third = await connectRaw(vane.port)
  third.send(REQUEST)
  await third.received('hi')
})

test('peers on this machine are exempt by default', async () => {
  await using vane = await startEngine(graphOf(answer('hi')), { limits: { maxConnPerIp: 1 } })
  using first = await connectRaw(vane.port)
  using second = await connectRaw(vane.port)
  for (const client of [first, second]) {
    client.send(REQUEST)
    await client.received('hi')
  }
})

test('each limit of a head is counted by its own name', async () => {
  const limits = { maxHeadersCount: 20, maxHeaderBytes: 4_096 }
  await using vane = await startEngine(graphOf(answer('hi')), { limits })
  const many = Array.from({ length: 21 }, (_, index) => `x-${index}: 1\r\n`).join('')
  expect(await exchangeRaw(vane.port, `GET / HTTP/1.1\r\nhost: a\r\n${many}\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  const large = `x: ${'y'.repeat(5_000)}\r\n`
  expect(await exchangeRaw(vane.port, `GET / HTTP/1.1\r\nhost: a\r\n${large}\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  expect(vane.engine.stats().limitHits).toEqual({ max_headers_count: 1, max_header_bytes: 1 })
})

test('a body that stops is counted and logged under its own name, whoever wants it', async () => {
  await using upstream = await startUpstream((request) => void request.resume())
  for (const graph of [graphOf(proxyTo(upstream.port)), graphOf(answer('hi'))]) {
    await using vane = await startEngine(graph, { limits: { bodyIdleTimeoutMs: 100 } })
    const text = await exchangeRaw(vane.port, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nabc')
    expect(text).toMatch(/^HTTP\/1\.1 (?:408|200) /)
    expect(vane.engine.stats().limitHits).toEqual({ body_idle_timeout: 1 })
    expect(vane.logs.filter(({ level }) => level === 'warn')).toEqual([
      { level: 'warn', message: 'limit hit', fields: { limit: 'body_idle_timeout', address: '127.0.0.1' } },
    ])
  }
})

test('handshakes have a rate for each address, and a number for all', async () => {
  const site = issueCertificate({ commonName: 'a.test' })
  const rules = [{ tls: { cert_file: 'a.pem', key_file: 'a.key' }, terminate: { type: 'static', status: 200 } }]
  const files = { 'a.pem': site.chain, 'a.key': site.key }
  {
    const limits = { maxHandshakeRatePerIp: 1, exemptLoopback: false }
    await using vane = await startRules(rules, files, { limits })
    const ends = await Promise.allSettled(Array.from({ length: 10 }, () => shakeHands(vane.port)))
    for (const end of ends) if (end.status === 'fulfilled') end.value.socket.destroy()
    const refused = ends.filter(({ status }) => status === 'rejected').length
    expect(refused).toBeGreaterThan(5)
    expect(vane.engine.stats().limitHits).toEqual({ max_handshake_rate_per_ip: refused })
  }
  await using vane = await startRules(rules, files, { limits: { maxPendingHandshakes: 2 } })
  const hello = (await captureClientHello()).toString('latin1')
  const waiting = await Promise.all([1, 2].map(() => connectRaw(vane.port)))
  try {
    for (const client of waiting) {
      client.send(hello)
      await client.received('\x16')
    }
    await expect(shakeHands(vane.port)).rejects.toThrow(/ECONNRESET|closed/)
    expect(vane.engine.stats().limitHits).toEqual({ max_pending_handshakes: 1 })
  } finally {
    for (const client of waiting) client[Symbol.dispose]()
  }
  await until('both to be gone', () => vane.engine.stats().connections.active === 0)
  const { socket } = await shakeHands(vane.port)
  socket.destroy()
})

test('an HTTP/2 connection has so many streams, and so many requests in a second', async () => {
  await using upstream = await startUpstream(() => {})
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)), { limits: { maxStreamsPerConn: 10 } })
  using client = await connectFrames(vane.port)
  for (let n = 0; n < 11; n++) client.request(2 * n + 1)
  expect(await client.reset(21)).toBe(7)
  expect(vane.engine.stats().limitHits).toEqual({ max_streams_per_conn: 1 })

  await using fast = await startEngine(graphOf(answer('hi')), {
    limits: { maxRequestRatePerConn: 100, maxStreamsPerConn: 1_000 },
  })
  using rapid = await connectFrames(fast.port)
  for (let n = 0; n < 150; n++) rapid.request(2 * n + 1)
  expect(await rapid.goaway()).toBe(11)
  expect(fast.engine.stats().limitHits).toEqual({ max_request_rate_per_conn: 1 })
})
