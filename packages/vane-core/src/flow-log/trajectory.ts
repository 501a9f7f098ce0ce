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
  /** Microseconds spent in the node. A dispatch counts with the node after it: its look-up takes less than a clock can tell. */
  readonly micros: number
}

/** What a request did: written once, when it is over. */
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
  readonly bytesIn: number
  readonly bytesOut: number
  /** From the first byte of the request to the last of the response. */
  readonly durationMs: number
  /** At most 512 characters. */
  readonly error: string | undefined
}
