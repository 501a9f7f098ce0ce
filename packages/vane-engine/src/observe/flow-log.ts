import type { ConnectionEvent, FlowEvent, FlowVerbosity, StepEvent, TrajectoryStep } from 'vane-core'
import { type RecordedWalk, type RecorderOwner, TrajectoryRecorder } from '../executor/trajectory-recorder.ts'
import type { LinkedNode } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { WallClock } from '../time/wall-clock.ts'
import { toUpgradeEvent } from './connection-events.ts'
import type { FlowChunk } from './flow-chunk.ts'
import { FlowRing } from './flow-ring.ts'
import { endedAtOf, readTrajectory, writeTrajectory } from './trajectory-record.ts'

/** Hears of entries as they are made, on the path of the request they are about: it must be quick, and must not throw. */
export type FlowListener = (event: FlowEvent) => void

/** How much a flow log remembers. */
export interface FlowLogOptions {
  /** Entries kept for {@link FlowLog.recent}; default 10,000. 0 keeps none. */
  readonly maxEvents?: number
  /** Older entries are not told; default 60,000. */
  readonly maxAgeMs?: number
}

type Milestone = Exclude<FlowEvent, { readonly event: 'request' }>

const DEFAULT_MAX_EVENTS = 10_000
const DEFAULT_MAX_AGE_MS = 60_000
/** A milestone is an object: its record has nothing but a length. */
const MILESTONE_BYTES = 8

/**
 * What happened on connections and requests lately, and whoever wants to hear of it as it happens.
 *
 * No object of a request that is over stays: its record, with three texts that are there anyway, is written over the oldest
 * there is. Where nothing is kept and nobody listens, nothing is recorded.
 */
export class FlowLog implements RecorderOwner {
  readonly #maxEvents: number
  readonly #maxAgeMs: number
  readonly #ring: FlowRing
  readonly #listeners = new Set<FlowListener>()
  readonly #wallClock = new WallClock()
  #hasListeners = false
  /** A field and not a getter: it is read at every step of every request. */
  isVerbose = false
  /** Whether anybody will ever read what is recorded. */
  #isWanted: boolean
  #total = 0

  constructor({ maxEvents = DEFAULT_MAX_EVENTS, maxAgeMs = DEFAULT_MAX_AGE_MS }: FlowLogOptions = {}) {
    this.#maxEvents = maxEvents
    this.#maxAgeMs = maxAgeMs
    this.#ring = new FlowRing({ maxRecords: maxEvents, maxAgeMs })
    this.#isWanted = maxEvents > 0
  }

  /** Entries so far. */
  get total(): number {
    return this.#total
  }

  get verbosity(): FlowVerbosity {
    return this.isVerbose ? 'debug' : 'normal'
  }

  set verbosity(verbosity: FlowVerbosity) {
    this.isVerbose = verbosity === 'debug'
  }

  /** Begins to write a request down; `undefined` where nobody would ever read it. */
  begin(connection: Connection): TrajectoryRecorder | undefined {
    if (!this.#isWanted) return undefined
    return new TrajectoryRecorder(this, connection)
  }

  /** Adds a milestone of a connection. `make` is asked only where somebody would read it. */
  add(make: () => ConnectionEvent): void {
    if (this.#isWanted) this.#append(make())
  }

  /** Hears of entries from now on. @returns stops that. */
  subscribe(listener: FlowListener): () => void {
    this.#listeners.add(listener)
    this.#hasListeners = true
    this.#isWanted = true
    return () => {
      this.#listeners.delete(listener)
      this.#hasListeners = this.#listeners.size > 0
      this.#isWanted = this.#maxEvents > 0 || this.#hasListeners
    }
  }

  /** What is remembered, oldest first. */
  recent(): FlowEvent[] {
    const oldestAtMs = performance.now() - this.#maxAgeMs
    const oldestUnixMs = Date.now() - this.#maxAgeMs
    const events: FlowEvent[] = []
    for (const { chunk, place } of this.#ring.recent()) {
      if (place.byteCount === MILESTONE_BYTES) {
        const milestone = chunk.values[place.valueAt] as Milestone
        if (milestone.unixMs >= oldestUnixMs) events.push(milestone)
      } else if (endedAtOf(chunk, place.at) >= oldestAtMs) events.push(this.#toRequestEvent(chunk, place))
    }
    return events
  }

  onStep(recorder: TrajectoryRecorder, step: TrajectoryStep, { rule, name }: LinkedNode): void {
    const event: StepEvent = {
      event: 'step',
      unixMs: Date.now(),
      connectionId: recorder.connectionId,
      rule,
      name,
      ...step,
    }
    this.#append(event)
  }

  onTunnel(connection: Connection, protocol: string): void {
    this.#append(toUpgradeEvent(connection, protocol))
  }

  onFinished(recorder: TrajectoryRecorder, walk: RecordedWalk, outcome: number): void {
    this.#total++
    const chunk = writeTrajectory(this.#ring, recorder, walk, outcome)
    if (this.#hasListeners) this.#tell(this.#toRequestEvent(chunk, chunk))
  }

  #append(event: Milestone): void {
    this.#total++
    const chunk = this.#ring.add(MILESTONE_BYTES, 1)
    chunk.values[chunk.valueAt] = event
    this.#tell(event)
  }

  #tell(event: FlowEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #toRequestEvent(chunk: FlowChunk, place: { readonly at: number; readonly valueAt: number }): FlowEvent {
    return {
      event: 'request',
      unixMs: this.#wallClock.toUnixMs(endedAtOf(chunk, place.at)),
      trajectory: readTrajectory(chunk, place, this.#wallClock),
    }
  }
}
