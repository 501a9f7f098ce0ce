import { Buffer } from 'node:buffer'
import type { Trajectory, TrajectoryStep } from 'vane-core'
import { OUTCOMES } from '../executor/step-codes.ts'
import {
  FIRST_STEPS,
  LAST_STEPS,
  MAX_STEPS,
  readStep,
  STEP_WORDS,
  type RecordedWalk,
  type TrajectoryRecorder,
} from '../executor/trajectory-recorder.ts'
import type { WallClock } from '../time/wall-clock.ts'
import type { FlowChunk } from './flow-chunk.ts'

/** What has room for records. */
export interface RecordSink {
  /** @returns the chunk that the record is to be written to. */
  add(byteCount: number, valueCount: number): FlowChunk
}

// Words of a record: its length, steps on the way, how it ended, lengths of its texts. Doubles: the moment of its end, its
// duration, bytes in, bytes out. Then two words for each step that is kept; method, target and error; and nothing up to 8.
const STEP_COUNT = 1
const END = 2
const LENGTHS = 3
const ENDED_AT = 2
const DURATION = 3
const BYTES_IN = 4
const BYTES_OUT = 5
const STEPS = 12
const HEAD_BYTES = 4 * STEPS
/** The connection's id, the entry, the rule. */
const VALUE_COUNT = 3

// How it ended: 10 bits for the status, 3 for the outcome, and flags.
const OUTCOME_SHIFT = 10
const METHOD_IS_CUT = 1 << 13
const TARGET_IS_CUT = 1 << 14
const HAS_ERROR = 1 << 15
const STATUS_MASK = (1 << OUTCOME_SHIFT) - 1
const OUTCOME_MASK = 7

// Lengths: 6 bits for the method, 9 for the target, 11 for the error, which is UTF-8.
const TARGET_SHIFT = 6
const ERROR_SHIFT = 15
const METHOD_MASK = (1 << TARGET_SHIFT) - 1
const TARGET_MASK = (1 << (ERROR_SHIFT - TARGET_SHIFT)) - 1

const MAX_METHOD_LENGTH = 32
const MAX_TARGET_LENGTH = 256
const MAX_ERROR_LENGTH = 512
/** Texts up to this length are copied here: to ask for it takes longer, however little there is to copy. */
const MAX_COPIED_HERE = 64

/**
 * Writes down a request that is over, with one of `OUTCOME`, as the last record of a sink.
 *
 * Its texts are copied: each of them would keep the whole head alive that it was cut from.
 */
export function writeTrajectory(
  sink: RecordSink,
  recorder: TrajectoryRecorder,
  walk: RecordedWalk,
  outcome: number,
): FlowChunk {
  const { connection, exchange, rule, error } = walk
  const { method, target } = exchange.request
  const isMethodCut = method.length > MAX_METHOD_LENGTH
  const isTargetCut = target.length > MAX_TARGET_LENGTH
  const methodLength = isMethodCut ? MAX_METHOD_LENGTH - 1 : method.length
  const targetLength = isTargetCut ? MAX_TARGET_LENGTH : target.length
  const errorText = error === undefined ? '' : cut(error.message)
  const errorLength = errorText === '' ? 0 : Buffer.byteLength(errorText)
  const { words: steps, stepCount, startedAtMs, lookedAtMs: endedAtMs } = recorder
  const stepWords = STEP_WORDS * (stepCount < MAX_STEPS ? stepCount : MAX_STEPS)
  const textAt = HEAD_BYTES + 4 * stepWords

  const chunk = sink.add((textAt + methodLength + targetLength + errorLength + 7) & ~7, VALUE_COUNT)
  const { words, doubles, bytes, values, at, valueAt } = chunk
  const word = at >> 2
  words[word + STEP_COUNT] = stepCount
  words[word + END] =
    ((exchange.status ?? 0) & STATUS_MASK) |
    (outcome << OUTCOME_SHIFT) |
    (isMethodCut ? METHOD_IS_CUT : 0) |
    (isTargetCut ? TARGET_IS_CUT : 0) |
    (error === undefined ? 0 : HAS_ERROR)
  words[word + LENGTHS] = methodLength | (targetLength << TARGET_SHIFT) | (errorLength << ERROR_SHIFT)
  const double = at >> 3
  doubles[double + ENDED_AT] = endedAtMs
  doubles[double + DURATION] = endedAtMs - startedAtMs
  doubles[double + BYTES_IN] = exchange.bytesIn
  doubles[double + BYTES_OUT] = exchange.bytesOut
  for (let i = 0; i < stepWords; i++) words[word + STEPS + i] = steps[i]!
  const text = at + textAt
  writeText(bytes, text, method, methodLength)
  writeText(bytes, text + methodLength, target, targetLength)
  if (errorLength > 0) bytes.write(errorText, text + methodLength + targetLength)
  values[valueAt] = connection.id
  values[valueAt + 1] = connection.entryKey
  values[valueAt + 2] = rule
  return chunk
}

/** Of a monotonic clock: when the request was over that is written down there. */
export function endedAtOf({ doubles }: FlowChunk, at: number): number {
  return doubles[(at >> 3) + ENDED_AT]!
}

/** What {@link writeTrajectory} has written, as an object of its own. */
export function readTrajectory(
  { words, doubles, bytes, values }: FlowChunk,
  { at, valueAt }: { readonly at: number; readonly valueAt: number },
  wallClock: Pick<WallClock, 'toUnixMs'>,
): Trajectory {
  const word = at >> 2
  const double = at >> 3
  const stepCount = words[word + STEP_COUNT]!
  const end = words[word + END]!
  const lengths = words[word + LENGTHS]!
  const durationMs = doubles[double + DURATION]!
  const methodAt = at + HEAD_BYTES + 4 * STEP_WORDS * Math.min(stepCount, MAX_STEPS)
  const targetAt = methodAt + (lengths & METHOD_MASK)
  const errorAt = targetAt + ((lengths >>> TARGET_SHIFT) & TARGET_MASK)
  const status = end & STATUS_MASK
  return {
    connectionId: values[valueAt] as string,
    startedUnixMs: wallClock.toUnixMs(doubles[double + ENDED_AT]! - durationMs),
    entry: values[valueAt + 1] as string,
    rule: values[valueAt + 2] as string | undefined,
    steps: readSteps(words, word + STEPS, stepCount),
    stepsOmitted: Math.max(0, stepCount - MAX_STEPS),
    outcome: OUTCOMES[(end >>> OUTCOME_SHIFT) & OUTCOME_MASK]!,
    status: status === 0 ? undefined : status,
    method: bytes.toString('latin1', methodAt, targetAt) + ((end & METHOD_IS_CUT) === 0 ? '' : '…'),
    target: bytes.toString('latin1', targetAt, errorAt) + ((end & TARGET_IS_CUT) === 0 ? '' : '…'),
    bytesIn: doubles[double + BYTES_IN]!,
    bytesOut: doubles[double + BYTES_OUT]!,
    durationMs,
    error: (end & HAS_ERROR) === 0 ? undefined : bytes.toString('utf8', errorAt, errorAt + (lengths >>> ERROR_SHIFT)),
  }
}

function readSteps(words: Uint32Array, first: number, count: number): TrajectoryStep[] {
  const steps: TrajectoryStep[] = []
  for (let i = 0; i < Math.min(count, FIRST_STEPS); i++) steps.push(readStep(words, first + STEP_WORDS * i))
  // The last ones took turns.
  for (let i = Math.max(FIRST_STEPS, count - LAST_STEPS); i < count; i++)
    steps.push(readStep(words, first + STEP_WORDS * (FIRST_STEPS + ((i - FIRST_STEPS) % LAST_STEPS))))
  return steps
}

function writeText(bytes: Buffer, at: number, text: string, length: number): void {
  if (length > MAX_COPIED_HERE) bytes.write(text, at, length, 'latin1')
  else for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i)
}

function cut(text: string): string {
  return text.length <= MAX_ERROR_LENGTH ? text : `${text.slice(0, MAX_ERROR_LENGTH - 1)}…`
}
