import { VaneError } from 'vane-core'

/** What work for a request hears that nobody waits for any more. */
export function canceled(): VaneError {
  return new VaneError({ kind: 'canceled' }, 'request ended before its response was complete')
}
