import type { HttpRequest, Trajectory, TrajectoryStep } from 'vane-core'
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
  /** A walk is over. The owner reads the recorder now, and begins it anew for another. */
  onFinished(recorder: TrajectoryRecorder, walk: RecordedWalk, outcome: Trajectory['outcome']): void
}

/** Steps that are kept from the beginning of a way, and from its end: between the two stand the many checks of a large graph. */
export const FIRST_STEPS = 32
/** See {@link FIRST_STEPS}. */
export const LAST_STEPS = 16
/** Steps that are kept. */
export const MAX_STEPS: number = FIRST_STEPS + LAST_STEPS
/** A step is packed into one word, its microseconds are the next. */
export const STEP_WORDS = 2

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
  /** Steps so far, those included that were not kept. */
  stepCount = 0
  /** Of a monotonic clock, like all moments here. */
  startedAtMs = 0
  endedAtMs = 0
  /** Of a walk whose steps the owner wants to hear of. */
  connectionId = ''
  #isVerbose = false
  /** When the last node was left that has a time of its own. */
  #timedAtMs = 0
  /** Where the last step's time is to be written when the request is over; -1 where it has one. */
  #openWord = -1

  /** @param memory of {@link MAX_STEPS} steps, of nobody else's. */
  constructor(owner: RecorderOwner, { words, firstWord }: StepMemory) {
    this.#owner = owner
    this.words = words
    this.firstWord = firstWord
  }

  /** A walk begins; what was noted is gone. */
  begin(connection: Connection): this {
    const now = performance.now()
    this.startedAtMs = now
    this.#timedAtMs = now
    this.stepCount = 0
    this.#openWord = -1
    this.#isVerbose = this.#owner.isVerbose
    if (this.#isVerbose) this.connectionId = connection.id
    return this
  }

  /** The walk left a node by a branch; it entered the node when it left the one before. Not to be called after `finish`. */
  leave(index: number, node: LinkedNode, branch: number): void {
    const count = this.stepCount++
    const place = count < MAX_STEPS ? count : FIRST_STEPS + ((count - FIRST_STEPS) % LAST_STEPS)
    const at = this.firstWord + STEP_WORDS * place
    this.words[at] = packStep(index, node.kindCode, branch)
    this.words[at + 1] = 0
    this.#openWord = at + 1
    if (node.isTimed) {
      this.#close(performance.now())
      this.#openWord = -1
    }
    if (this.#isVerbose) this.#owner.onStep(this, readStep(this.words, at), node)
  }

  /** The request goes on as a tunnel; `finish` tells of the tunnel's end. */
  becomeTunnel(connection: Connection, protocol: string): void {
    this.#owner.onTunnel(connection, protocol)
  }

  /** The request is over, and the tunnel that it may have become. To be called once, as the last thing. */
  finish(walk: RecordedWalk, outcome: Trajectory['outcome']): void {
    const now = performance.now()
    this.endedAtMs = now
    if (this.#openWord !== -1) this.#close(now)
    this.#owner.onFinished(this, walk, outcome)
  }

  #close(now: number): void {
    const micros = (now - this.#timedAtMs) * 1_000
    this.words[this.#openWord] = micros < MAX_MICROS ? micros : MAX_MICROS
    this.#timedAtMs = now
  }
}

/** The step at a word, as an object. */
export function readStep(words: Uint32Array, at: number): TrajectoryStep {
  return { ...unpackStep(words[at]!), micros: words[at + 1]! }
}
