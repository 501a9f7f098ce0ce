import { Buffer } from 'node:buffer'
import type { StepBranch, Trajectory, TrajectoryStep } from 'vane-core'
import type { ServerExchange } from '../http1/server-codec.ts'
import { type LinkedNode, OP_MATCH } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import type { RecorderMemory, RecorderSize } from './recorder-memory.ts'

/** How a walk ended, for its trajectory. */
export interface WalkEnd {
  readonly outcome: Trajectory['outcome']
  readonly rule: string | undefined
  readonly error: Error | undefined
}

/** What a tunnel has come to. */
export interface TunnelEnd {
  /** From the client. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly error: Error | undefined
}

/** Whom a recorder belongs to. */
export interface RecorderOwner {
  /** Whether it wants to hear of each step. */
  readonly isVerbose: boolean
  /** A walk has left a node. */
  onStep(recorder: TrajectoryRecorder, step: TrajectoryStep, node: LinkedNode): void
  /** A request goes on as a tunnel. */
  onTunnel(connection: Connection, protocol: string): void
  /** A walk is over. The owner may read the recorder now and later, and begins it anew when it does not need it any more. */
  onFinished(recorder: TrajectoryRecorder): void
}

/** Steps that are kept from the beginning of a way, and from its end: between the two stand the many checks of a large graph. */
const FIRST_STEPS = 32
const LAST_STEPS = 16
const MAX_STEPS = FIRST_STEPS + LAST_STEPS
const WORDS_PER_STEP = 2
const MAX_TARGET_BYTES = 256
const MAX_METHOD_LENGTH = 32
const MAX_ERROR_LENGTH = 512

/** What a recorder needs of memory. */
export const RECORDER_SIZE: RecorderSize = { words: MAX_STEPS * WORDS_PER_STEP, bytes: MAX_TARGET_BYTES }

const BRANCHES: readonly StepBranch[] = [
  'match',
  'miss',
  'case',
  'default',
  'continue',
  'short',
  'close',
  'error',
  'response',
  'tunnel',
  'end',
  'retry',
]
const KINDS: readonly LinkedNode['kind'][] = [
  'check',
  'dispatch',
  'candidate',
  'choose',
  'middleware',
  'upgrade',
  'fetch',
  'terminate',
]
const BRANCH_BITS = 4
const KIND_BITS = 3

/**
 * Writes down one request's way through the graph, and is used again for another when nobody needs what it holds.
 *
 * Steps are numbers in an array that is there from the start, and the target's bytes are copied: a text of the request
 * would keep the whole head alive that it was cut from. Objects are made when somebody reads.
 */
export class TrajectoryRecorder {
  readonly #owner: RecorderOwner
  /** For each step: node, kind and branch in one word, microseconds in the next. From {@link #firstWord} on. */
  readonly #words: Uint32Array
  readonly #firstWord: number
  /** The target, from {@link #firstByte} on. */
  readonly #bytes: Buffer
  readonly #firstByte: number
  #stepCount = 0
  #startedAtMs = 0
  #stepStartedAtMs = 0
  #endedAtMs = 0
  #connectionId = ''
  #entry = ''
  #rule: string | undefined = undefined
  #outcome: Trajectory['outcome'] = 'response'
  #status = 0
  #method = ''
  #targetLength = 0
  #isTargetCut = false
  #bytesIn = 0
  #bytesOut = 0
  #error: string | undefined = undefined

  /** @param memory of {@link RECORDER_SIZE}, of nobody else's. */
  constructor(owner: RecorderOwner, { words, firstWord, bytes, firstByte }: RecorderMemory) {
    this.#owner = owner
    this.#words = words
    this.#firstWord = firstWord
    this.#bytes = bytes
    this.#firstByte = firstByte
  }

  /** Of a monotonic clock: when the walk was over. */
  get endedAtMs(): number {
    return this.#endedAtMs
  }

  get connectionId(): string {
    return this.#connectionId
  }

  /** A walk begins; what was held is gone. */
  begin(connection: Connection): this {
    this.#connectionId = connection.id
    this.#stepCount = 0
    this.#startedAtMs = performance.now()
    this.#stepStartedAtMs = this.#startedAtMs
    return this
  }

  /** The walk left a node by a branch; it entered the node when it left the one before. Not to be called after `finish`. */
  leave(index: number, node: LinkedNode, branch: StepBranch): void {
    let micros = 0
    if (node.op !== OP_MATCH) {
      const now = performance.now()
      micros = (now - this.#stepStartedAtMs) * 1_000
      this.#stepStartedAtMs = now
    }
    const count = this.#stepCount++
    const place = count < MAX_STEPS ? count : FIRST_STEPS + ((count - FIRST_STEPS) % LAST_STEPS)
    const at = this.#firstWord + WORDS_PER_STEP * place
    this.#words[at] = (((index << KIND_BITS) | KINDS.indexOf(node.kind)) << BRANCH_BITS) | BRANCHES.indexOf(branch)
    this.#words[at + 1] = micros
    if (this.#owner.isVerbose) this.#owner.onStep(this, this.#stepAt(place), node)
  }

  /** The request is over. To be called once, as the last thing. */
  finish(connection: Connection, exchange: ServerExchange, end: WalkEnd): void {
    this.#describe(connection, exchange, end)
    this.#end()
  }

  /** The request goes on as a tunnel: everything is known of it but its end, which `finishTunnel` tells instead of `finish`. */
  becomeTunnel(connection: Connection, exchange: ServerExchange, end: WalkEnd & { readonly protocol: string }): void {
    this.#describe(connection, exchange, end)
    this.#owner.onTunnel(connection, end.protocol)
  }

  /** The tunnel is over. */
  finishTunnel({ bytesIn, bytesOut, error }: TunnelEnd): void {
    this.#bytesIn = bytesIn
    this.#bytesOut = bytesOut
    this.#setError(error)
    this.#end()
  }

  #describe(connection: Connection, exchange: ServerExchange, { outcome, rule, error }: WalkEnd): void {
    const { method, target } = exchange.request
    this.#entry = connection.entryKey
    this.#rule = rule
    this.#outcome = outcome
    this.#status = exchange.status ?? 0
    this.#method = method.length <= MAX_METHOD_LENGTH ? method : copy(method, MAX_METHOD_LENGTH)
    this.#isTargetCut = target.length > MAX_TARGET_BYTES
    this.#targetLength = this.#bytes.write(target, this.#firstByte, MAX_TARGET_BYTES, 'latin1')
    this.#bytesIn = exchange.bytesIn
    this.#bytesOut = exchange.bytesOut
    this.#setError(error)
  }

  #setError(error: Error | undefined): void {
    this.#error = error === undefined ? undefined : copy(error.message, MAX_ERROR_LENGTH)
  }

  #end(): void {
    this.#endedAtMs = performance.now()
    this.#owner.onFinished(this)
  }

  /** What was recorded, as an object of its own. */
  toTrajectory(): Trajectory {
    return {
      connectionId: this.#connectionId,
      startedUnixMs: toUnixMs(this.#startedAtMs),
      entry: this.#entry,
      rule: this.#rule,
      steps: this.#toSteps(),
      stepsOmitted: Math.max(0, this.#stepCount - MAX_STEPS),
      outcome: this.#outcome,
      status: this.#status === 0 ? undefined : this.#status,
      method: this.#method,
      target:
        this.#bytes.toString('latin1', this.#firstByte, this.#firstByte + this.#targetLength) +
        (this.#isTargetCut ? '…' : ''),
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      durationMs: this.#endedAtMs - this.#startedAtMs,
      error: this.#error,
    }
  }

  #toSteps(): TrajectoryStep[] {
    const count = this.#stepCount
    const steps: TrajectoryStep[] = []
    for (let i = 0; i < Math.min(count, FIRST_STEPS); i++) steps.push(this.#stepAt(i))
    for (let i = Math.max(FIRST_STEPS, count - LAST_STEPS); i < count; i++) {
      steps.push(this.#stepAt(FIRST_STEPS + ((i - FIRST_STEPS) % LAST_STEPS)))
    }
    return steps
  }

  #stepAt(place: number): TrajectoryStep {
    const at = this.#firstWord + WORDS_PER_STEP * place
    const word = this.#words[at]!
    return {
      node: word >>> (KIND_BITS + BRANCH_BITS),
      kind: KINDS[(word >>> BRANCH_BITS) & ((1 << KIND_BITS) - 1)]!,
      branch: BRANCHES[word & ((1 << BRANCH_BITS) - 1)]!,
      micros: this.#words[at + 1]!,
    }
  }
}

/** Wall clock at a moment of the monotonic one. */
export function toUnixMs(atMs: number): number {
  return Math.round(Date.now() - (performance.now() - atMs))
}

/** The beginning of a text, which holds on to nothing but itself. */
function copy(text: string, maxLength: number): string {
  const kept = text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`
  return Buffer.from(kept).toString()
}
