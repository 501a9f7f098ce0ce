import type { FlowEvent, Trajectory } from 'vane-core'
import { describe, expect, test } from 'vitest'
import { BRANCH, OUTCOME } from '../executor/step-codes.ts'
import type { ServerExchange } from '../http1/server-codec.ts'
import { LinkedNode, OP_CHECK, OP_FETCH, OP_MATCH, OP_WRITE_RESPONSE } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { FlowLog } from './flow-log.ts'

const CONNECTION = { id: '0123456789abcdef', entryKey: 'tcp:127.0.0.1:80' } as unknown as Connection
const CHECK = new LinkedNode(OP_CHECK, 'check', null)
const FETCH = new LinkedNode(OP_FETCH, 'fetch', 'r')

const WALK = { connection: CONNECTION, exchange: toExchange('GET', '/'), rule: 'r', error: undefined }

function toExchange(method: string, target: string): ServerExchange {
  return { request: { method, target }, status: 200, bytesIn: 1, bytesOut: 2 } as unknown as ServerExchange
}

/** One request that takes `checks` checks and a fetch. */
function run(
  log: FlowLog,
  target: string,
  { checks = 1, method = 'GET', error = undefined as Error | undefined } = {},
): void {
  const recorder = log.begin(CONNECTION)
  for (let i = 0; i < checks; i++) recorder?.leave(i, CHECK, i % 2 === 0 ? BRANCH.miss : BRANCH.match)
  recorder?.leave(checks, FETCH, BRANCH.response)
  recorder?.finish({ ...WALK, exchange: toExchange(method, target), error }, OUTCOME.response)
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

  test('has milestones of connections between requests, in their order', () => {
    const log = new FlowLog({ maxEvents: 4 })
    const terminate = {
      event: 'terminate',
      unixMs: Date.now(),
      durationMs: 1,
      requests: 1,
      forwarded: undefined,
      bytesIn: 1,
      bytesOut: 1,
    } as const
    for (let i = 0; i < 5; i++) {
      run(log, `/${i}`)
      log.add(() => ({ ...terminate, connectionId: `${i}`, entry: undefined, peer: undefined }))
    }
    const seen = log.recent().map((event) => (event.event === 'request' ? event.trajectory.target : event.connectionId))
    expect(seen).toEqual(['/3', '3', '/4', '4'])
  })
})

describe('the time of a step', () => {
  const end = new LinkedNode(OP_WRITE_RESPONSE, 'terminate', null)
  const lookUp = new LinkedNode(OP_MATCH, 'dispatch', null)
  const spend = (ms: number): void => {
    const endsAt = performance.now() + ms
    while (performance.now() < endsAt);
  }

  test('counts with the next that has one where it is too short, and the last one ends with the request', () => {
    const log = new FlowLog()
    const recorder = log.begin(CONNECTION)
    recorder?.leave(0, lookUp, BRANCH.case)
    spend(2)
    recorder?.leave(1, CHECK, BRANCH.match)
    spend(3)
    recorder?.leave(2, end, BRANCH.end)
    spend(4)
    recorder?.finish(WALK, OUTCOME.response)
    const [{ steps, durationMs } = { steps: [], durationMs: 0 }] = trajectories(log.recent())
    const micros = steps.map((step) => step.micros)
    expect(micros[0]).toBe(0)
    expect(micros[1]).toBeGreaterThanOrEqual(2_000)
    expect(micros[2]).toBeGreaterThanOrEqual(7_000)
    expect(durationMs).toBeGreaterThanOrEqual(9)
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
