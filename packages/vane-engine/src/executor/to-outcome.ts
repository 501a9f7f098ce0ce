import type { ExchangeEnd } from '../http1/server-codec.ts'
import { OUTCOME } from './step-codes.ts'

/**
 * How a request's way through the graph came out, as one of {@link OUTCOME}.
 *
 * @param isClosed whether the graph dropped it.
 */
export function toOutcome(end: ExchangeEnd, isClosed: boolean): number {
  if (end === 'client-gone') return OUTCOME.canceled
  if (isClosed) return OUTCOME.closed
  return end === 'cut' ? OUTCOME.failed : OUTCOME.response
}
