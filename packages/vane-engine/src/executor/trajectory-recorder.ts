import type { HttpRequest, TrajectoryStep } from 'vane-core'
import type { ServerExchange } from '../http1/server-codec.ts'
import type { LinkedNode } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { packStep, unpackStep } from './step-codes.ts'

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
  /** A walk is over, with one of `OUTCOME`. The owner reads the recorder now, and does not keep it. */
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
/** Steps that there is room for from the start, and few requests take more. */
const COMMON_STEPS = 8
/** 35 minutes, the largest small integer (Smi) of V8: what took longer is said to have taken that. */
const MAX_MICROS = 2 ** 31 - 1

/**
 * Notes one request's way through the graph while it is under way. Like the walk it is made for one request and forgotten with
 * it: memory that lives longer would have left the processor's cache by the time that it is used again.
 */
export class TrajectoryRecorder {
  readonly #owner: RecorderOwner
  /** Steps, {@link STEP_WORDS} each: the last ones take turns. Numbers of 32 bits with a sign. */
  readonly words: number[] = new Array<number>(STEP_WORDS * COMMON_STEPS)
  /** When the walk began, in ms of `performance.now()`. */
  readonly startedAtMs: number
  /** When the last node was left that may have taken long, or else the walk began; after `finish`, when the request was over. */
  lookedAtMs: number
  /** Steps so far, those included that were not kept. */
  stepCount = 0
  /** What this was when a step was left last that has a time of its own. */
  #timedCount = 0
  /** Of a walk whose steps the owner wants to hear of. */
  readonly connectionId: string
  readonly #isVerbose: boolean

  /** The walk begins now. */
  constructor(owner: RecorderOwner, connection: Connection) {
    const nowMs = performance.now()
    this.#owner = owner
    this.startedAtMs = nowMs
    this.lookedAtMs = nowMs
    this.#isVerbose = owner.isVerbose
    this.connectionId = this.#isVerbose ? connection.id : ''
  }

  /**
   * The walk left a node by a branch; it entered the node when it left the one before. Not to be called after `finish`.
   *
   * @param nowMs of `performance.now()`, where somebody has just looked.
   */
  leave(index: number, node: LinkedNode, branch: number, nowMs?: number): void {
    const at = this.#note(packStep(index, node.kindCode, branch))
    if (node.isTimed) this.#close(nowMs ?? performance.now())
    if (this.#isVerbose) this.#owner.onStep(this, readStep(this.words, at), node)
  }

  /**
   * The same for one of the nodes that only match, of a kind that is one of `KIND`: they have no time of their own, and the
   * node is looked up only where somebody wants to hear of it.
   */
  pass(index: number, kind: number, branch: number, nodes: readonly LinkedNode[]): void {
    const at = this.#note(packStep(index, kind, branch))
    if (this.#isVerbose) this.#owner.onStep(this, readStep(this.words, at), nodes[index]!)
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
    this.lookedAtMs = nowMs
    this.#owner.onFinished(this, walk, outcome)
    return nowMs
  }

  /** @returns where the step stands. */
  #note(packed: number): number {
    const at = toWord(this.stepCount++)
    this.words[at] = packed
    this.words[at + 1] = 0
    return at
  }

  /** The last step has all the time since the one before it that has a time of its own. */
  #close(nowMs: number): void {
    const micros = (nowMs - this.lookedAtMs) * 1_000
    this.words[toWord(this.stepCount - 1) + 1] = micros < MAX_MICROS ? micros | 0 : MAX_MICROS
    this.lookedAtMs = nowMs
    this.#timedCount = this.stepCount
  }
}

function toWord(step: number): number {
  return STEP_WORDS * (step < MAX_STEPS ? step : FIRST_STEPS + ((step - FIRST_STEPS) % LAST_STEPS))
}

/** The step at a word, as an object. */
export function readStep(words: ArrayLike<number>, at: number): TrajectoryStep {
  return { ...unpackStep(words[at]!), micros: words[at + 1]! }
}
