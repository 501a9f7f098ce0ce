import type { HttpProxyVersion } from 'vane-core'
import { Http2UpstreamPool } from '../http2/upstream-pool.ts'
import { toTlsError } from '../tls/to-tls-error.ts'
import { dial } from './dial.ts'
import { Http1UpstreamPool, type PoolContext, type PoolTarget, toUpstreamName } from './upstream-pool.ts'
import type { UpstreamTransport } from './upstream-transport.ts'

/** Where an upstream is and how it is spoken to: what connections must have in common to stand in for one another. */
export interface UpstreamWay extends PoolTarget {
  readonly version: HttpProxyVersion
}

/** Text that is equal for equal ways. */
export function toWayKey({ address, version, identity }: UpstreamWay): string {
  const spoken = version === 'auto' && identity === undefined ? 'h1' : version
  return `${toUpstreamName(address)} ${spoken} ${identity?.key ?? ''}`
}

/** Makes the connections of a way. `auto` is what TLS agrees on, and HTTP/1.1 in clear. */
export function createTransport(way: UpstreamWay, context: PoolContext): UpstreamTransport {
  const { address, version, identity } = way
  if (version === 'h1' || (version === 'auto' && identity === undefined)) return new Http1UpstreamPool(way, context)
  const alpn = version === 'auto' ? ['h2', 'http/1.1'] : ['h2']
  return new Http2UpstreamPool({
    name: toUpstreamName(address),
    scheme: identity === undefined ? 'http' : 'https',
    dial: () =>
      identity === undefined ? dial(address) : { socket: identity.connect(alpn), readyEvent: 'secureConnect' },
    maxHeaderBytes: context.maxHeaderBytes,
    clock: context.clock,
    ...(identity === undefined ? {} : { explain: (error) => toTlsError(error, address, identity) }),
    ...(version === 'auto' ? { fallback: new Http1UpstreamPool(way, context) } : {}),
  })
}
