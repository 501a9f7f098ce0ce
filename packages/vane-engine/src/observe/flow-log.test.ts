import type { FlowEvent, Trajectory } from 'vane-core'
import { describe, expect, test } from 'vitest'
import type { ServerExchange } from '../http1/server-codec.ts'
import { LinkedNode, OP_CHECK, OP_FETCH } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { FlowLog } from './flow-log.ts'

const CONNECTION = { id: '0123456789abcdef', entryKey: 'tcp:127.0.0.1:80' } as unknown as Connection
const CHECK = new LinkedNode(OP_CHECK, 'check', null)
const FETCH = new LinkedNode(OP_FETCH, 'fetch', 'r')

/** One request that takes `checks` checks and a fetch. */
function run(
  log: FlowLog,
  target: string,
  { checks = 1, method = 'GET', error = undefined as Error | undefined } = {},
): void {
  const recorder = log.begin(CONNECTION)
  for (let i = 0; i < checks; i++) recorder?.leave(i, CHECK, i % 2 === 0 ? 'miss' : 'match')
  recorder?.leave(checks, FETCH, 'response')
  const exchange = { request: { method, target }, status: 200, bytesIn: 1, bytesOut: 2 } as unknown as ServerExchange
  recorder?.finish(CONNECTION, exchange, { outcome: 'response', rule: 'r', error })
}

function trajectories(events: readonly FlowEvent[]): Trajectory[] {
  return events.flatMap((event) => (event.event === 'request' ? [event.trajectory] : []))
}

const targets = (log: FlowLog): string[] => trajectories(log.recent()).map(({ target }) => target)

describe('what is remembered', () => {
  test('is the last entries, oldest first', () => {
    const log = new FlowLog({ maxEvents: 3 })
    expect(log.recent()).toEqual([])
    for (const target of ['/1', '/2']) run(log, target)
    expect(targets(log)).toEqual(['/1', '/2'])
    for (const target of ['/3', '/4', '/5']) run(log, target)
    expect(targets(log)).toEqual(['/3', '/4', '/5'])
  })

  test('is no older than it may be', async () => {
    const log = new FlowLog({ maxAgeMs: 20 })
    run(log, '/old')
    const endsAt = performance.now() + 25
    while (performance.now() < endsAt) await new Promise((resolve) => setTimeout(resolve, 5))
    run(log, '/new')
    expect(targets(log)).toEqual(['/new'])
  })

  test('is whole', () => {
    const log = new FlowLog()
    run(log, '/a?b', { error: new Error('upstream is down') })
    expect(trajectories(log.recent())).toEqual([
      {
        connectionId: '0123456789abcdef',
        startedUnixMs: expect.any(Number) as number,
        entry: 'tcp:127.0.0.1:80',
        rule: 'r',
        steps: [
          { node: 0, kind: 'check', branch: 'miss', micros: expect.any(Number) as number },
          { node: 1, kind: 'fetch', branch: 'response', micros: expect.any(Number) as number },
        ],
        stepsOmitted: 0,
        outcome: 'response',
        status: 200,
        method: 'GET',
        target: '/a?b',
        bytesIn: 1,
        bytesOut: 2,
        durationMs: expect.any(Number) as number,
        error: 'upstream is down',
      },
    ])
  })

  test('holds its entries in the recorders of those it has forgotten', () => {
    const log = new FlowLog({ maxEvents: 4 })
    for (let i = 0; i < 100; i++) run(log, `/${i}`)
    const first = log.begin(CONNECTION)
    run(log, '/between')
    const again = log.begin(CONNECTION)
    // The ring has one that is displaced for each that comes in: two are enough for two at once.
    expect(first).not.toBe(again)
    expect(targets(log)).toEqual(['/97', '/98', '/99', '/between'])
  })
})

describe('what peers and graphs can make large', () => {
  test('a way of many nodes keeps its beginning and its end', () => {
    const log = new FlowLog()
    run(log, '/', { checks: 1_000 })
    const [{ steps, stepsOmitted } = { steps: [], stepsOmitted: 0 }] = trajectories(log.recent())
    expect(stepsOmitted).toBe(1_001 - 48)
    const nodes = steps.map(({ node }) => node)
    expect(nodes.slice(0, 32)).toEqual(Array.from({ length: 32 }, (_, index) => index))
    expect(nodes.slice(32)).toEqual(Array.from({ length: 16 }, (_, index) => 985 + index))
    expect(steps.at(-1)).toMatchObject({ kind: 'fetch', branch: 'response' })
  })

  test('texts are cut', () => {
    const log = new FlowLog()
    run(log, `/${'x'.repeat(60_000)}`, { method: 'M'.repeat(60_000), error: new Error('e'.repeat(60_000)) })
    const [trajectory] = trajectories(log.recent())
    expect(trajectory?.target).toBe(`/${'x'.repeat(255)}…`)
    expect(trajectory?.method).toBe(`${'M'.repeat(31)}…`)
    expect(trajectory?.error).toBe(`${'e'.repeat(511)}…`)
  })
})

describe('listeners', () => {
  test('hear of each request once it is over, until they stop', () => {
    const log = new FlowLog({ maxEvents: 0 })
    expect(log.begin(CONNECTION)).toBeUndefined()
    const heard: FlowEvent[] = []
    const stop = log.subscribe((event) => heard.push(event))
    run(log, '/1')
    run(log, '/2')
    stop()
    run(log, '/3')
    expect(trajectories(heard).map(({ target }) => target)).toEqual(['/1', '/2'])
    expect(log.recent()).toEqual([])
  })

  test('hear of every step where that is asked for', () => {
    const log = new FlowLog()
    const heard: FlowEvent[] = []
    log.subscribe((event) => heard.push(event))
    log.verbosity = 'debug'
    run(log, '/1')
    log.verbosity = 'normal'
    run(log, '/2')
    expect(heard.map(({ event }) => event)).toEqual(['step', 'step', 'request', 'request'])
    expect(heard[1]).toMatchObject({
      event: 'step',
      connectionId: '0123456789abcdef',
      rule: 'r',
      node: 1,
      kind: 'fetch',
      branch: 'response',
    })
  })
})
