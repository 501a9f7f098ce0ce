import { expect, test } from 'vitest'
import { answer, graphOf } from '../support/graph-builder.ts'
import { connectRaw } from '../support/raw-client.ts'
import { expectRefused, expectServed, openStand, type Stand } from '../support/stand.ts'
import { startEngine } from '../support/start-engine.ts'
import { until } from '../support/until.ts'

const FLOOR = { maxHeaderBytes: 4_096, maxHeadersCount: 20 }
const small = (): Promise<Stand> => openStand({ engine: { limits: FLOOR } })

const get = (lines: string, target = '/'): string => `GET ${target} HTTP/1.1\r\nhost: a\r\n${lines}\r\n`

test.each([
  ['one field too many', get('x: 1\r\n'.repeat(20))],
  ['many fields too many', get('x:\r\n'.repeat(700))],
  ['a large value', get(`x: ${'y'.repeat(5_000)}\r\n`)],
  ['a large name', get(`${'x'.repeat(5_000)}: y\r\n`)],
  ['large fields together', get(`x: ${'y'.repeat(400)}\r\n`.repeat(15))],
  ['a large target', get('', `/${'x'.repeat(5_000)}`)],
  ['a large query', get('', `/?${'x'.repeat(5_000)}`)],
  ['a large absolute target', get('', `http://a/${'x'.repeat(5_000)}`)],
  ['whitespace', get(`x:${' '.repeat(5_000)}1\r\n`)],
  ['a megabyte', get(`x: ${'y'.repeat(1_000_000)}\r\n`)],
  ['a head that does not end', `GET / HTTP/1.1\r\nhost: a\r\n${'x: 1\r\n'.repeat(3_000)}`],
  ['a line that does not end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(200_000)}`],
  ['a target that does not end', `GET /${'x'.repeat(200_000)}`],
])('431: %s', async (_what, send) => {
  await using stand = await small()
  await expectRefused(stand, send, 431)
  expect(Object.values(stand.vane.engine.stats().limitHits)).toEqual([1])
})

test('a method that does not end is refused', async () => {
  await using stand = await small()
  await expectRefused(stand, 'A'.repeat(200_000), 400, 431)
})

test('as many fields as may be', async () => {
  await using stand = await small()
  const { requests } = await expectServed(stand, get('x: 1\r\n'.repeat(19)))
  expect(requests[0]?.fields.filter(([name]) => name === 'x')).toHaveLength(19)
})

test('about as many bytes as may be', async () => {
  await using stand = await small()
  const { requests } = await expectServed(stand, get(`x: ${'y'.repeat(3_900)}\r\n`))
  expect(requests).toHaveLength(1)
})

test('each request of a connection has the limits to itself', async () => {
  await using stand = await small()
  const one = get(`x: ${'y'.repeat(3_000)}\r\n`)
  const { requests } = await expectServed(
    stand,
    one.repeat(5),
    Array.from({ length: 5 }, () => 'GET'),
  )
  expect(requests).toHaveLength(5)
})

test('connections over the limit are reset, and those that are there go on', async () => {
  await using vane = await startEngine(graphOf(answer('hi')), { limits: { maxTotalConns: 5 } })
  const kept = await Promise.all(Array.from({ length: 5 }, () => connectRaw(vane.port)))
  try {
    await until('all accepted', () => vane.engine.stats().connections.active === 5)
    const others = await Promise.all(Array.from({ length: 20 }, () => connectRaw(vane.port)))
    for (const other of others) {
      await other.closed()
      expect([other.closedBy, other.text]).toEqual(['reset', ''])
    }
    expect(vane.engine.stats().limitHits).toEqual({ max_total_conns: 20 })
    for (const client of kept) {
      client.send(get(''))
      await client.received('hi')
    }
  } finally {
    for (const client of kept) client[Symbol.dispose]()
  }
  await until('forgotten', () => vane.engine.stats().connections.active === 0)
  using late = await connectRaw(vane.port)
  late.send(get(''))
  await late.received('hi')
})

test('a thousand connections that are dropped at once leave nothing behind', async () => {
  await using stand = await openStand()
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(Array.from({ length: 100 }, () => connectRaw(stand.vane.port)))
    for (const [index, client] of clients.entries()) {
      client.send(get('').slice(0, index % 25))
      if (index % 2 === 0) client.socket.resetAndDestroy()
      else client.socket.destroy()
    }
  }
  await until('forgotten', () => stand.vane.engine.stats().connections.active === 0, 15_000)
  expect(stand.upstream.received.join('')).toBe('')
  const { responses } = await expectServed(stand, get(''))
  expect(responses).toHaveLength(1)
})
