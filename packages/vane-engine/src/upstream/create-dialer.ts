import { isIP } from 'node:net'
import type { UpstreamAddress } from 'vane-core'
import type { Dialer } from './dialer.ts'
import { FixedDialer } from './fixed-dialer.ts'
import { NamedDialer } from './named-dialer.ts'
import type { NameCache } from './resolve/name-cache.ts'

/** Makes the dialer of an upstream: one that has a name is looked up in `names`, whenever a connection begins. */
export function createDialer(address: UpstreamAddress, names: NameCache): Dialer {
  if (address.kind === 'tcp' && isIP(address.host) === 0) return new NamedDialer(address, names)
  return new FixedDialer(address)
}
