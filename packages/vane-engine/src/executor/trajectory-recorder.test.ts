import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LinkedNode, OP_FETCH, OP_MATCH, OP_WRITE_RESPONSE } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { BRANCH, OUTCOME } from './step-codes.ts'
import {
  FIRST_STEPS,
  LAST_STEPS,
  MAX_STEPS,
  readStep,
  type RecordedWalk,
  STEP_WORDS,
  TrajectoryRecorder,
} from './trajectory-recorder.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const MATCH = new LinkedNode(OP_MATCH, 'check', null)
const FETCH = new LinkedNode(OP_FETCH, 'fetch', null)
const WRITE = new LinkedNode(OP_WRITE_RESPONSE, 'terminate', null)
const OWNER = { isVerbose: false, onStep: () => {}, onTunnel: () => {}, onFinished: () => {} }

function createRecorder(): TrajectoryRecorder {
  return new TrajectoryRecorder(OWNER, { id: 'c' } as Connection)
}

/** Microseconds of the first steps. */
function toMicros({ words }: TrajectoryRecorder, count: number): number[] {
  return Array.from({ length: count }, (_, index) => readStep(words, STEP_WORDS * index).micros)
}

test('a step without a time of its own counts with the next that has one, the last with the end', () => {
  const recorder = createRecorder()
  vi.advanceTimersByTime(2)
  recorder.leave(0, MATCH, BRANCH.match)
  vi.advanceTimersByTime(3)
  recorder.leave(1, FETCH, BRANCH.response)
  vi.advanceTimersByTime(4)
  recorder.leave(2, WRITE, BRANCH.end)
  vi.advanceTimersByTime(1)
  const endedAtMs = recorder.finish({} as RecordedWalk, OUTCOME.response)
  expect(endedAtMs).toBe(performance.now())
  expect(toMicros(recorder, 3)).toEqual([0, 5_000, 5_000])
  expect(recorder.lookedAtMs).toBe(endedAtMs)
  expect(endedAtMs - recorder.startedAtMs).toBe(10)
})

test('a step ends when somebody has looked at the clock for it', () => {
  const recorder = createRecorder()
  vi.advanceTimersByTime(2)
  const nowMs = performance.now()
  vi.advanceTimersByTime(3)
  recorder.leave(0, FETCH, BRANCH.response, nowMs)
  recorder.leave(1, WRITE, BRANCH.end)
  recorder.finish({} as RecordedWalk, OUTCOME.response)
  expect(toMicros(recorder, 2)).toEqual([2_000, 3_000])
})

test('where the last step has a time of its own, what comes behind it counts for none', () => {
  const recorder = createRecorder()
  vi.advanceTimersByTime(2)
  recorder.leave(0, FETCH, BRANCH.error)
  vi.advanceTimersByTime(3)
  recorder.finish({} as RecordedWalk, OUTCOME.failed)
  expect(toMicros(recorder, 1)).toEqual([2_000])
  expect(recorder.lookedAtMs).toBe(performance.now())
})

test('of a long way the first steps are kept, and the last, with their times', () => {
  const recorder = createRecorder()
  const steps = 2 * MAX_STEPS
  for (let step = 0; step < steps; step++) {
    vi.advanceTimersByTime(1)
    recorder.leave(step, FETCH, BRANCH.miss)
  }
  expect(recorder.words).toHaveLength(STEP_WORDS * MAX_STEPS)
  const kept = Array.from({ length: MAX_STEPS }, (_, place) => readStep(recorder.words, STEP_WORDS * place))
  expect(kept.map(({ node }) => node).toSorted((a, b) => a - b)).toEqual([
    ...Array.from({ length: FIRST_STEPS }, (_, step) => step),
    ...Array.from({ length: LAST_STEPS }, (_, step) => steps - LAST_STEPS + step),
  ])
  expect(new Set(kept.map(({ micros }) => micros))).toEqual(new Set([1_000]))
})

test('a step that took longer than can be told is said to have taken the longest that can', () => {
  const recorder = createRecorder()
  vi.advanceTimersByTime(24 * 3_600_000)
  recorder.leave(0, FETCH, BRANCH.tunnel)
  expect(toMicros(recorder, 1)).toEqual([2 ** 31 - 1])
})
