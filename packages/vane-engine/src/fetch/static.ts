import type { SynthSpec } from 'vane-core'
import type { Fetch } from '../executor/flow.ts'
import { createResponder } from './responder.ts'

/** A fetch that answers by itself with what a rule says: `static`, and what `on_error` turns a failure into. */
export function createStatic(spec: SynthSpec): Fetch {
  const respond = createResponder(spec)
  return { start: (flow) => ({ tag: 'response', response: respond(flow) }) }
}
