import type { ConnectionEvent, FlowEvent, FlowVerbosity, StepEvent, TrajectoryStep } from 'vane-core'
import { RecorderSlabs } from '../executor/recorder-memory.ts'
import { RECORDER_SIZE, type RecorderOwner, toUnixMs, TrajectoryRecorder } from '../executor/trajectory-recorder.ts'
import type { LinkedNode } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { toUpgradeEvent } from './connection-events.ts'

/** Hears of entries as they are made, on the path of the request they are about: it must be quick, and must not throw. */
export type FlowListener = (event: FlowEvent) => void

/** How much a flow log remembers. */
export interface FlowLogOptions {
  /** Entries kept for {@link FlowLog.recent}; default 10,000. 0 keeps none. */
  readonly maxEvents?: number
  /** Older entries are not told; default 60,000. */
  readonly maxAgeMs?: number
}

/** What is kept of an entry: a recorder as it is, since making its object form is left to whoever reads. */
type Kept = TrajectoryRecorder | Exclude<FlowEvent, { readonly event: 'request' }>

const DEFAULT_MAX_EVENTS = 10_000
const DEFAULT_MAX_AGE_MS = 60_000
/** Recorders kept for requests to come: as many as were under way at once, up to this. */
const MAX_SPARE_RECORDERS = 1_024

/**
 * What happened on connections and requests lately, and whoever wants to hear of it as it happens.
 *
 * A request costs no memory of its own: the recorder that it fills takes the place of the oldest in the ring, and that one
 * is used for the next. Where nothing is kept and nobody listens, nothing is recorded.
 */
export class FlowLog implements RecorderOwner {
  readonly #maxEvents: number
  readonly #maxAgeMs: number
  readonly #ring: (Kept | undefined)[] = []
  /** Where the next entry goes. */
  #next = 0
  readonly #spare: TrajectoryRecorder[] = []
  readonly #memory = new RecorderSlabs(RECORDER_SIZE)
  readonly #listeners = new Set<FlowListener>()
  /** A field and not a getter: it is read at every step of every request. */
  isVerbose = false
  #total = 0

  constructor({ maxEvents = DEFAULT_MAX_EVENTS, maxAgeMs = DEFAULT_MAX_AGE_MS }: FlowLogOptions = {}) {
    this.#maxEvents = maxEvents
    this.#maxAgeMs = maxAgeMs
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
    if (!this.#isWanted()) return undefined
    return (this.#spare.pop() ?? new TrajectoryRecorder(this, this.#memory.take())).begin(connection)
  }

  /** Adds a milestone of a connection. `make` is asked only where somebody would read it. */
  add(make: () => ConnectionEvent): void {
    if (this.#isWanted()) this.#append(make())
  }

  /** Hears of entries from now on. @returns stops that. */
  subscribe(listener: FlowListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What is remembered, oldest first. */
  recent(): FlowEvent[] {
    const oldestAtMs = performance.now() - this.#maxAgeMs
    const oldestUnixMs = Date.now() - this.#maxAgeMs
    const events: FlowEvent[] = []
    for (let i = 0; i < this.#ring.length; i++) {
      // Before the ring has been filled once, `#next` is its length.
      const kept = this.#ring[(this.#next + i) % this.#ring.length]
      if (kept instanceof TrajectoryRecorder) {
        if (kept.endedAtMs >= oldestAtMs) events.push(toRequestEvent(kept))
      } else if (kept !== undefined && kept.unixMs >= oldestUnixMs) events.push(kept)
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

  onFinished(recorder: TrajectoryRecorder): void {
    this.#total++
    if (this.#listeners.size > 0) this.#tell(toRequestEvent(recorder))
    this.#keep(recorder)
  }

  #append(event: Exclude<FlowEvent, { readonly event: 'request' }>): void {
    this.#total++
    this.#tell(event)
    this.#keep(event)
  }

  #tell(event: FlowEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #keep(entry: Kept): void {
    if (this.#maxEvents === 0) {
      this.#spareIt(entry)
      return
    }
    const displaced = this.#ring[this.#next]
    this.#ring[this.#next] = entry
    this.#next = this.#next + 1 === this.#maxEvents ? 0 : this.#next + 1
    this.#spareIt(displaced)
  }

  #spareIt(entry: Kept | undefined): void {
    if (entry instanceof TrajectoryRecorder && this.#spare.length < MAX_SPARE_RECORDERS) this.#spare.push(entry)
  }

  #isWanted(): boolean {
    return this.#maxEvents > 0 || this.#listeners.size > 0
  }
}

function toRequestEvent(recorder: TrajectoryRecorder): FlowEvent {
  return { event: 'request', unixMs: toUnixMs(recorder.endedAtMs), trajectory: recorder.toTrajectory() }
}
