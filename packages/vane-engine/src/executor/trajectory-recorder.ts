import type { StepBranch, Trajectory, TrajectoryStep } from 'vane-core'
import type { ServerExchange } from '../http1/server-codec.ts'
import type { LinkedNode } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'

/** How a walk ended, for its trajectory. */
export interface WalkEnd {
  readonly outcome: Trajectory['outcome']
  readonly rule: string | undefined
  readonly error: Error | undefined
}

/** Writes down one request's way through the graph. Made only where somebody wants to know. */
export class TrajectoryRecorder {
  readonly #steps: TrajectoryStep[] = []
  readonly #startedAtMs = performance.now()
  readonly #startedUnixMs = Date.now()
  readonly #deliver: (trajectory: Trajectory) => void
  #stepStartedAtMs = this.#startedAtMs

  constructor(deliver: (trajectory: Trajectory) => void) {
    this.#deliver = deliver
  }

  /** The walk left a node by a branch; it entered the node when it left the one before. */
  leave(index: number, node: LinkedNode, branch: StepBranch): void {
    const now = performance.now()
    this.#steps.push({
      node: index,
      kind: node.kind,
      branch,
      micros: Math.round((now - this.#stepStartedAtMs) * 1_000),
    })
    this.#stepStartedAtMs = now
  }

  /** The request is over. */
  finish(connection: Connection, exchange: ServerExchange, { outcome, rule, error }: WalkEnd): void {
    this.#deliver({
      connectionId: connection.id,
      startedUnixMs: this.#startedUnixMs,
      entry: connection.entryKey,
      rule,
      steps: this.#steps,
      outcome,
      status: exchange.status,
      method: exchange.request.method,
      target: exchange.request.target,
      bytesIn: exchange.bytesIn,
      bytesOut: exchange.bytesOut,
      durationMs: performance.now() - this.#startedAtMs,
      error: error?.message,
    })
  }
}
