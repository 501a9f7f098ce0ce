import type { HttpResponse, Json } from 'vane-core'
import { CLOSE, type MiddlewareOutcome } from '../executor/flow.ts'

/** What a request that does not fit gets: a dropped connection where `on_miss` says so, else what `respond` makes. */
export function createMiss(onMiss: Json | undefined, respond: () => HttpResponse): () => MiddlewareOutcome {
  if (onMiss === 'close') return () => CLOSE
  // Made anew each time: a response belongs to the walk that writes it.
  return () => ({ tag: 'short', response: respond() })
}
