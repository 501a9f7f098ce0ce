import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import type { StepBranch, Trajectory } from 'vane-core'
import { expect, test } from 'vitest'
import { BRANCH, BRANCHES, KINDS, OUTCOME, OUTCOMES } from '../executor/step-codes.ts'
import { MAX_STEPS, type RecordedWalk, TrajectoryRecorder } from '../executor/trajectory-recorder.ts'
import { LinkedNode, OP_MATCH } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { FlowRing } from './flow-ring.ts'
import { readTrajectory, writeTrajectory } from './trajectory-record.ts'

/** One request, as plain values. */
interface Request {
  readonly id: string
  readonly entry: string
  readonly rule: string | undefined
  readonly steps: readonly { readonly node: number; readonly kind: number; readonly branch: StepBranch }[]
  readonly outcome: Trajectory['outcome']
  readonly status: number | undefined
  readonly method: string
  readonly target: string
  readonly bytesIn: number
  readonly bytesOut: number
  readonly error: string | undefined
}

const NODES = KINDS.map((kind) => new LinkedNode(OP_MATCH, kind, null))

const latin1 = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.nat(0xff), { maxLength, size: 'max' }).map((codes) => String.fromCharCode(...codes))
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

const request: fc.Arbitrary<Request> = fc.record({
  id: fc.string(),
  entry: fc.string(),
  rule: maybe(fc.string()),
  steps: fc.array(
    fc.record({
      node: fc.nat(2 ** 25 - 1),
      kind: fc.nat(KINDS.length - 1),
      branch: fc.constantFrom(...BRANCHES),
    }),
    { maxLength: 3 * MAX_STEPS, size: 'max' },
  ),
  outcome: fc.constantFrom(...OUTCOMES),
  status: maybe(fc.integer({ min: 100, max: 999 })),
  method: latin1(40),
  target: fc.oneof(latin1(20), latin1(300)),
  bytesIn: fc.maxSafeNat(),
  bytesOut: fc.maxSafeNat(),
  error: maybe(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 700, size: 'max' }), fc.string({ unit: 'binary' }))),
})

/** Records requests one after the other. @returns what is then remembered. */
function record(requests: readonly Request[], maxRecords: number): { told: Trajectory[]; ring: FlowRing } {
  const ring = new FlowRing({ maxRecords, maxAgeMs: 60_000 })
  const owner = {
    isVerbose: false,
    onStep: () => {},
    onTunnel: () => {},
    onFinished: (recorder: TrajectoryRecorder, walk: RecordedWalk, outcome: number) =>
      void writeTrajectory(ring, recorder, walk, outcome),
  }
  for (const { id, entry, rule, steps, outcome, status, method, target, bytesIn, bytesOut, error } of requests) {
    const connection = { id, entryKey: entry } as Connection
    const exchange = { request: { method, target }, status, bytesIn, bytesOut } as RecordedWalk['exchange']
    const recorder = new TrajectoryRecorder(owner, connection)
    for (const { node, kind, branch } of steps) recorder.leave(node, NODES[kind]!, BRANCH[branch])
    recorder.finish(
      { connection, exchange, rule, error: error === undefined ? undefined : new Error(error) },
      OUTCOME[outcome],
    )
  }
  const told = [...ring.recent()].map(({ chunk, place }) => readTrajectory(chunk, place, { toUnixMs: (atMs) => atMs }))
  return { told, ring }
}

const number = expect.any(Number) as number
/** A text of 16-bit units goes through UTF-8, where half a pair is no character. */
const toWellFormed = (text: string): string => Buffer.from(text).toString()

function toTrajectory({ id, steps, method, target, error, ...same }: Request): Trajectory {
  const kept = steps.length <= MAX_STEPS ? steps : [...steps.slice(0, 32), ...steps.slice(-16)]
  return {
    ...same,
    connectionId: id,
    startedUnixMs: number,
    durationMs: number,
    steps: kept.map(({ node, kind, branch }) => ({ node, kind: KINDS[kind]!, branch, micros: number })),
    stepsOmitted: steps.length - kept.length,
    method: method.length <= 32 ? method : `${method.slice(0, 31)}…`,
    target: target.length <= 256 ? target : `${target.slice(0, 256)}…`,
    error: error === undefined ? undefined : toWellFormed(error.length <= 512 ? error : `${error.slice(0, 511)}…`),
  }
}

test('what is read is what was recorded', () => {
  fc.assert(
    fc.property(request, (one) => {
      expect(record([one], 10).told).toEqual([toTrajectory(one)])
    }),
  )
})

test('of many, the last ones are read, whatever their length', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 120 }), (some, kept) => {
      // Over several chunks: the longest record has some 2.5 KB.
      const many = Array.from({ length: 150 }, (_, index) => ({ ...some[index % some.length]!, id: `${index}` }))
      expect(record(many, kept).told).toEqual(many.slice(-kept).map(toTrajectory))
    }),
    { numRuns: 20 },
  )
})

test('memory goes round: chunks are used again once what they hold is forgotten', () => {
  const longest: Request = {
    id: '0123456789abcdef',
    entry: 'tcp:127.0.0.1:80',
    rule: 'r',
    steps: Array.from({ length: 1_000 }, (_, node) => ({ node, kind: 0, branch: 'miss' })),
    outcome: 'failed',
    status: 502,
    method: 'M'.repeat(60_000),
    target: 'x'.repeat(60_000),
    bytesIn: 1,
    bytesOut: 2,
    error: '€'.repeat(60_000),
  }
  const lengths = [500, 1_000, 5_000].map(
    (length) =>
      record(
        Array.from({ length }, () => longest),
        100,
      ).ring.chunkCount,
  )
  // 100 of them have 4 chunks; one more is written to, and one may be of half use.
  for (const chunkCount of lengths) expect(chunkCount).toBeLessThanOrEqual(6)
  expect(lengths[2]).toBe(lengths[0])
})
