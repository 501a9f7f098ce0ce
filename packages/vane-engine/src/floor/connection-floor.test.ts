import { SILENT_LOGGER, type Logger } from 'vane-core'
import { describe, expect, test } from 'vitest'
import { EngineCounters } from '../observe/engine-counters.ts'
import { LocalAddressCounts } from './address-counts.ts'
import { ConnectionFloor, type FloorLimits } from './connection-floor.ts'

const LIMITS: FloorLimits = {
  maxTotalConns: 1_000,
  maxConnPerIp: 2,
  maxPendingHandshakes: 3,
  maxHandshakeRatePerIp: 2,
  exemptLoopback: true,
}

function createFloor(limits: Partial<FloorLimits> = {}) {
  const counters = new EngineCounters()
  const lines: object[] = []
  const logger: Logger = { ...SILENT_LOGGER, warn: (fields: object | string) => void lines.push(Object(fields)) }
  const connections = new LocalAddressCounts()
  const clock = { nowMs: 0 }
  const floor = new ConnectionFloor({
    limits: { ...LIMITS, ...limits },
    counters,
    logger,
    connections,
    now: () => clock.nowMs,
  })
  return { floor, connections, clock, lines, hits: counters.limitHits }
}

describe('connections', () => {
  test('an address has as many as it may, and a new one when one has gone', () => {
    const { floor, hits, connections } = createFloor()
    expect([1, 2, 3].map(() => floor.admit('192.0.2.1'))).toEqual([true, true, false])
    expect(floor.admit('192.0.2.2')).toBe(true)
    floor.release('192.0.2.1')
    expect(floor.admit('192.0.2.1')).toBe(true)
    expect(hits).toEqual({ max_conn_per_ip: 1 })
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) floor.release(address)
    expect(connections.size).toBe(0)
  })

  test('the addresses of one IPv6 network share what one may have', () => {
    const { floor } = createFloor()
    expect(['2001:db8::1', '2001:db8::2', '2001:db8::3'].map((ip) => floor.admit(ip))).toEqual([true, true, false])
  })

  test('loopback and Unix peers are exempt, unless they are not', () => {
    const peers = ['127.0.0.1', '127.0.0.1', '127.0.0.1', '::1', '::1', '::1', undefined, undefined, undefined]
    const exempt = createFloor()
    expect(peers.map((peer) => exempt.floor.admit(peer))).not.toContain(false)
    for (const peer of peers) exempt.floor.release(peer)
    const bound = createFloor({ exemptLoopback: false })
    expect(peers.map((peer) => bound.floor.admit(peer))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
      true,
      true,
      false,
    ])
  })

  test('the total counts everybody', () => {
    const { floor, hits } = createFloor({ maxTotalConns: 2 })
    expect([floor.admit('127.0.0.1'), floor.admit('192.0.2.1'), floor.admit(undefined)]).toEqual([true, true, false])
    floor.release('127.0.0.1')
    expect(floor.admit(undefined)).toBe(true)
    expect(hits).toEqual({ max_total_conns: 1 })
  })
})

describe('handshakes', () => {
  test('an address may begin so many in a second', () => {
    const { floor, clock, hits } = createFloor({ maxPendingHandshakes: 100 })
    expect([1, 2, 3].map(() => floor.beginHandshake('192.0.2.1'))).toEqual([true, true, false])
    expect(floor.beginHandshake('192.0.2.2')).toBe(true)
    clock.nowMs = 500
    expect([1, 2].map(() => floor.beginHandshake('192.0.2.1'))).toEqual([true, false])
    expect(hits).toEqual({ max_handshake_rate_per_ip: 2 })
  })

  test('so many may be under way, those of exempt peers too', () => {
    const { floor, hits } = createFloor()
    expect([1, 2, 3, 4].map(() => floor.beginHandshake('127.0.0.1'))).toEqual([true, true, true, false])
    floor.endHandshake()
    expect(floor.beginHandshake('127.0.0.1')).toBe(true)
    expect(hits).toEqual({ max_pending_handshakes: 1 })
  })
})

describe('what is said of hits', () => {
  test('all are counted, and each limit and address is logged once in a second', () => {
    const { floor, clock, lines, hits } = createFloor()
    for (let i = 0; i < 5; i++) floor.hit('header_timeout', '192.0.2.1')
    floor.hit('header_timeout', '192.0.2.2')
    floor.hit('max_header_bytes', '192.0.2.1')
    clock.nowMs = 999
    floor.hit('header_timeout', '192.0.2.1')
    clock.nowMs = 1_000
    floor.hit('header_timeout', '192.0.2.1')
    expect(hits).toEqual({ header_timeout: 8, max_header_bytes: 1 })
    expect(lines).toEqual([
      { limit: 'header_timeout', address: '192.0.2.1' },
      { limit: 'header_timeout', address: '192.0.2.2', unlogged: 4 },
      { limit: 'max_header_bytes', address: '192.0.2.1' },
      { limit: 'header_timeout', address: '192.0.2.1', unlogged: 1 },
    ])
  })

  test('a flood from everywhere does not flood the log', () => {
    const { floor, lines, hits } = createFloor()
    for (let i = 0; i < 10_000; i++) floor.hit('max_total_conns', `10.0.${i >> 8}.${i & 255}`)
    expect(lines).toHaveLength(100)
    expect(hits).toEqual({ max_total_conns: 10_000 })
  })
})
