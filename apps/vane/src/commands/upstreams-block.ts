import type { UpstreamResult } from 'vane-mgmt'
import type { Block, Cell } from '../output/blocks.ts'

/** Of a name, in a table. */
const MAX_ADDRESSES = 3

/** A table of upstreams. */
export function toUpstreamsBlock(upstreams: readonly UpstreamResult[]): Block {
  return {
    kind: 'table',
    empty: 'no upstream was used yet',
    columns: ['UPSTREAM', 'ACTIVE', 'IDLE', 'TUNNELS', 'WAITING', 'REQUESTS', 'FAILURES', 'RETRIES', 'ADDRESSES'],
    rows: upstreams.map((upstream) => [
      upstream.upstream,
      upstream.active,
      upstream.idle,
      upstream.tunnels,
      upstream.waiting,
      upstream.requests,
      upstream.failures === 0 ? 0 : { text: String(upstream.failures), tone: 'bad' },
      upstream.retries,
      toAddresses(upstream),
    ]),
  }
}

/** What a name stands for; nothing is said of an upstream that is an address itself. */
function toAddresses({ addresses, unresolved }: UpstreamResult): Cell {
  if (addresses.length === 0) return unresolved === 0 ? '' : { text: 'cannot be resolved', tone: 'bad' }
  const more = addresses.length - MAX_ADDRESSES
  return `${addresses.slice(0, MAX_ADDRESSES).join(', ')}${more > 0 ? `, … ${more} more` : ''}`
}
