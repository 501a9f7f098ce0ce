import type { HttpRequest, TrajectoryStep } from 'vane-core'
import type { ServerExchange } from '../http1/server-codec.ts'
import type { LinkedNode } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { packStep, unpackStep } from './step-codes.ts'
import type { StepMemory } from './step-slabs.ts'

/** What is written down of a walk when it is over. */
export interface RecordedWalk {
  readonly connection: Pick<Connection, 'id' | 'entryKey'>
  readonly exchange: Pick<ServerExchange, 'status' | 'bytesIn' | 'bytesOut'> & {
    readonly request: Pick<HttpRequest, 'method' | 'target'>
  }
  readonly rule: string | undefined
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
  /** A walk is over, with one of `OUTCOME`. The owner reads the recorder now, and begins it anew for another. */
  onFinished(recorder: TrajectoryRecorder, walk: RecordedWalk, outcome: number): void
}

/** Steps that are kept from the beginning of a way, and from its end: between the two stand the many checks of a large graph. */
export const FIRST_STEPS = 32
/** See {@link FIRST_STEPS}. */
export const LAST_STEPS = 16
/** Steps that are kept. */
export const MAX_STEPS: number = FIRST_STEPS + LAST_STEPS
/** A step is packed into one word, its microseconds are the next. */
export const STEP_WORDS = 2
/** The moments of a recorder, of a monotonic clock: when the walk began. */
export const STARTED_AT = 0
/** When the last node was left that has a time of its own; after `finish`, when the request was over. */
export const TIMED_AT = 1

/** 71 minutes: what took longer is said to have taken that. */
const MAX_MICROS = 2 ** 32 - 1

/**
 * Notes one request's way through the graph while it is under way, and is used again for another: there are as many as
 * there were requests at once. Steps are numbers in an array that is there from the start.
 */
export class TrajectoryRecorder {
  readonly #owner: RecorderOwner
  /** Steps, from {@link firstWord} on: the last ones take turns. */
  readonly words: Uint32Array
  readonly firstWord: number
  /** Moments, from {@link firstMoment} on. */
  readonly moments: Float64Array
  readonly firstMoment: number
  /** Steps so far, those included that were not kept. */
  stepCount = 0
  /** What this was when a step was left last that has a time of its own. */
  #timedCount = 0
  /** Of a walk whose steps the owner wants to hear of. */
  connectionId = ''
  #isVerbose = false

  /** @param memory of {@link MAX_STEPS} steps, of nobody else's. */
  constructor(owner: RecorderOwner, { words, firstWord, moments, firstMoment }: StepMemory) {
    this.#owner = owner
    this.words = words
    this.firstWord = firstWord
    this.moments = moments
    this.firstMoment = firstMoment
  }

  /** A walk begins; what was noted is gone. */
  begin(connection: Connection): this {
    const nowMs = performance.now()
    this.moments[this.firstMoment + STARTED_AT] = nowMs
    this.moments[this.firstMoment + TIMED_AT] = nowMs
    this.stepCount = 0
    this.#timedCount = 0
    this.#isVerbose = this.#owner.isVerbose
    if (this.#isVerbose) this.connectionId = connection.id
    return this
  }

  /**
   * The walk left a node by a branch; it entered the node when it left the one before. Not to be called after `finish`.
   *
   * @param nowMs of `performance.now()`, where somebody has just looked.
   */
  leave(index: number, node: LinkedNode, branch: number, nowMs?: number): void {
    const at = this.#wordOf(this.stepCount++)
    this.words[at] = packStep(index, node.kindCode, branch)
    this.words[at + 1] = 0
    if (node.isTimed) this.#close(nowMs ?? performance.now())
    if (this.#isVerbose) this.#owner.onStep(this, readStep(this.words, at), node)
  }

  /**
   * The same for one of the nodes that only match, of a kind that is one of `KIND`: they have no time of their own, and the
   * node is looked up only where somebody wants to hear of it.
   */
  pass(index: number, kind: number, branch: number, nodes: readonly LinkedNode[]): void {
    const at = this.#wordOf(this.stepCount++)
    this.words[at] = packStep(index, kind, branch)
    this.words[at + 1] = 0
    if (this.#isVerbose) this.#owner.onStep(this, readStep(this.words, at), nodes[index]!)
  }

  /** What `performance.now()` said when the walk began, or the last node was left that may have taken long. */
  get lookedAtMs(): number {
    return this.moments[this.firstMoment + TIMED_AT]!
  }

  /** The request goes on as a tunnel; `finish` tells of the tunnel's end. */
  becomeTunnel(connection: Connection, protocol: string): void {
    this.#owner.onTunnel(connection, protocol)
  }

  /**
   * The request is over, and the tunnel that it may have become. To be called once, as the last thing.
   *
   * @param outcome one of `OUTCOME`.
   * @returns what `performance.now()` says.
   */
  finish(walk: RecordedWalk, outcome: number): number {
    const nowMs = performance.now()
    if (this.stepCount !== this.#timedCount) this.#close(nowMs)
    this.moments[this.firstMoment + TIMED_AT] = nowMs
    this.#owner.onFinished(this, walk, outcome)
    return nowMs
  }

  #wordOf(step: number): number {
    const place = step < MAX_STEPS ? step : FIRST_STEPS + ((step - FIRST_STEPS) % LAST_STEPS)
    return this.firstWord + STEP_WORDS * place
  }

  /** The last step has all the time since the one before it that has a time of its own. */
  #close(nowMs: number): void {
    const { moments } = this
    const timedAt = this.firstMoment + TIMED_AT
    const micros = (nowMs - moments[timedAt]!) * 1_000
    this.words[this.#wordOf(this.stepCount - 1) + 1] = micros < MAX_MICROS ? micros : MAX_MICROS
    moments[timedAt] = nowMs
    this.#timedCount = this.stepCount
  }
}

/** The step at a word, as an object. */
export function readStep(words: Uint32Array, at: number): TrajectoryStep {
  return { ...unpackStep(words[at]!), micros: words[at + 1]! }
}
