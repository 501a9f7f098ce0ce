import type { HeaderList } from 'vane-core'
import { isForwardingField } from './forwarding-fields.ts'
import { isHostOwned } from './hop-by-hop.ts'

/** Fields that must not come as trailers, since they say how to read or route the message (RFC 9110 §6.5.1). */
const NOT_AS_TRAILER: ReadonlySet<string> = new Set([
  'host',
  'content-type',
  'content-encoding',
  'content-range',
  'set-cookie',
  'authorization',
  'proxy-authorization',
  'cookie',
])

/** Removes what may not come as a trailer; `undefined` where nothing is left. */
export function toTrailers(trailers: HeaderList): HeaderList | undefined {
  // Software that merges trailers into the header section would believe them there.
  trailers.filter((name) => !isHostOwned(name) && !NOT_AS_TRAILER.has(name) && !isForwardingField(name))
  return trailers.size === 0 ? undefined : trailers
}
