import type { Trajectory } from 'vane-core'
import type { ExchangeEnd } from '../http1/server-codec.ts'

/**
 * How a request's way through the graph came out.
 *
 * @param isClosed whether the graph dropped it.
 */
export function toOutcome(end: ExchangeEnd, isClosed: boolean): Trajectory['outcome'] {
  if (end === 'client-gone') return 'canceled'
  if (isClosed) return 'closed'
  return end === 'cut' ? 'failed' : 'response'
}
