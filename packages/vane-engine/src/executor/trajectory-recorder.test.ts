import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LinkedNode, OP_FETCH, OP_MATCH, OP_WRITE_RESPONSE } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { BRANCH, OUTCOME } from './step-codes.ts'
import { StepSlabs } from './step-slabs.ts'
import {
  MAX_STEPS,
  readStep,
  type RecordedWalk,
  STARTED_AT,
  STEP_WORDS,
  TIMED_AT,
  TrajectoryRecorder,
} from './trajectory-recorder.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const MATCH = new LinkedNode(OP_MATCH, 'check', null)
const FETCH = new LinkedNode(OP_FETCH, 'fetch', null)
const WRITE = new LinkedNode(OP_WRITE_RESPONSE, 'terminate', null)
const OWNER = { isVerbose: false, onStep: () => {}, onTunnel: () => {}, onFinished: () => {} }
const memory = new StepSlabs(MAX_STEPS * STEP_WORDS)

function createRecorder(): TrajectoryRecorder {
  return new TrajectoryRecorder(OWNER, memory.take()).begin({ id: 'c' } as Connection)
}

/** Microseconds of the first steps. */
function toMicros({ words, firstWord }: TrajectoryRecorder, count: number): number[] {
  return Array.from({ length: count }, (_, index) => readStep(words, firstWord + STEP_WORDS * index).micros)
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
  const { moments, firstMoment } = recorder
  expect(moments[firstMoment + TIMED_AT]).toBe(endedAtMs)
  expect(endedAtMs - moments[firstMoment + STARTED_AT]!).toBe(10)
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
  expect(recorder.moments[recorder.firstMoment + TIMED_AT]).toBe(performance.now())
})

test('recorders that share memory leave each other alone', () => {
  const recorders = Array.from({ length: 3 }, createRecorder)
  for (const [index, recorder] of recorders.entries())
    for (let step = 0; step < 2 * MAX_STEPS; step++) recorder.leave(index, step % 2 === 0 ? MATCH : FETCH, BRANCH.miss)
  for (const [index, recorder] of recorders.entries()) {
    const nodes = Array.from({ length: MAX_STEPS }, (_, step) =>
      readStep(recorder.words, recorder.firstWord + STEP_WORDS * step),
    ).map(({ node }) => node)
    expect(nodes).toEqual(Array.from({ length: MAX_STEPS }, () => index))
  }
})
