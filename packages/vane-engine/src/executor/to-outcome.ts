import type { Trajectory } from 'vane-core'
import type { ExchangeEnd } from '../http1/server-codec.ts'

/** What an ended exchange says of its request. */
export interface EndedExchange {
  /** The graph dropped it. */
  readonly isClosed: boolean
  readonly status: number | undefined
}

/** How a request's way through the graph came out. */
export function toOutcome(end: ExchangeEnd, { isClosed, status }: EndedExchange): Trajectory['outcome'] {
  if (end === 'client-gone') return 'canceled'
  if (isClosed) return 'closed'
  if (end === 'cut') return 'failed'
  return status === 101 ? 'tunnel' : 'response'
}
