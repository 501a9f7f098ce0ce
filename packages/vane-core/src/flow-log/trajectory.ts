/** How a node left: the branch the walk took out of it. */
export type StepBranch =
  | 'match'
  | 'miss'
  | 'case'
  | 'default'
  | 'continue'
  | 'short'
  | 'close'
  | 'error'
  /** An upstream failed, and the node tries again. */
  | 'retry'
  | 'response'
  | 'tunnel'
  | 'end'

/** One node on a request's way. */
export interface TrajectoryStep {
  /** Index of the node in the graph. */
  readonly node: number
  readonly kind: string
  readonly branch: StepBranch
  /**
   * Microseconds spent in the node. Those of checks, look-ups and built-in middleware count with the next node that has a
   * time of its own, since a look at the clock would take longer than they do. The last node's end with the request.
   */
  readonly micros: number
}

/** What a request did: written once, when it is over, or the tunnel that it became. */
export interface Trajectory {
  /** 16 hex digits. */
  readonly connectionId: string
  /** Wall clock at the request's first byte, Unix milliseconds. */
  readonly startedUnixMs: number
  /** Listener address the request came in by. */
  readonly entry: string
  /** Name of the rule that won; `undefined` where none matched. */
  readonly rule: string | undefined
  /** In order. On a way of many nodes the first and the last ones: see `stepsOmitted`. */
  readonly steps: readonly TrajectoryStep[]
  /** Nodes between the first and the last ones that were not kept. */
  readonly stepsOmitted: number
  readonly outcome: 'response' | 'tunnel' | 'closed' | 'failed' | 'canceled'
  /** `undefined` where no response was begun. */
  readonly status: number | undefined
  /** At most 32 characters. */
  readonly method: string
  /** Path and query as sent, at most 256 bytes; a cut one ends in `…`. */
  readonly target: string
  /** Of the body, or through the tunnel. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** From the first byte of the request to the last of the response, or to the end of the tunnel. */
  readonly durationMs: number
  /** At most 512 characters. */
  readonly error: string | undefined
}
