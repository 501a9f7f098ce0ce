import type { UpstreamResult } from 'vane-mgmt'
import type { Block } from '../output/blocks.ts'

/** A table of upstreams. */
export function toUpstreamsBlock(upstreams: readonly UpstreamResult[]): Block {
  return {
    kind: 'table',
    empty: 'no upstream was used yet',
    columns: ['UPSTREAM', 'ACTIVE', 'IDLE', 'TUNNELS', 'WAITING', 'REQUESTS', 'FAILURES', 'RETRIES'],
    rows: upstreams.map((upstream) => [
      upstream.upstream,
      upstream.active,
      upstream.idle,
      upstream.tunnels,
      upstream.waiting,
      upstream.requests,
      upstream.failures === 0 ? 0 : { text: String(upstream.failures), tone: 'bad' },
      upstream.retries,
    ]),
  }
}
