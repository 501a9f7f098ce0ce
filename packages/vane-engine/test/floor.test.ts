import { expect, test } from 'vitest'
import { answer, graphOf } from './support/graph-builder.ts'
import { connectRaw, exchangeRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
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
