import type { HttpProxyVersion, UpstreamAddress } from 'vane-core'
import { Http2UpstreamPool } from '../http2/upstream-pool.ts'
import { toTlsError } from '../tls/to-tls-error.ts'
import type { UpstreamIdentity } from '../tls/upstream-tls.ts'
import { createDialer } from './create-dialer.ts'
import { dial, dialTls } from './dial.ts'
import { toNameserversKey } from './resolve/name-caches.ts'
import type { NameCache } from './resolve/name-cache.ts'
import { Http1UpstreamPool, type PoolContext, toUpstreamName } from './upstream-pool.ts'
import type { UpstreamTransport } from './upstream-transport.ts'

/** Where an upstream is and how it is spoken to: what connections must have in common to stand in for one another. */
export interface UpstreamWay {
  readonly address: UpstreamAddress
  readonly version: HttpProxyVersion
  /** `undefined`: in clear. */
  readonly identity: UpstreamIdentity | undefined
  /** Who is asked for the upstream's name; none: the system. */
  readonly nameservers: readonly string[]
}

/** Text that is equal for equal ways. */
export function toWayKey({ address, version, identity, nameservers }: UpstreamWay): string {
  const spoken = version === 'auto' && identity === undefined ? 'h1' : version
  return `${toUpstreamName(address)} ${spoken} ${identity?.key ?? ''} ${toNameserversKey(nameservers)}`
}

/** Makes the connections of a way. `auto` is what TLS agrees on, and HTTP/1.1 in clear. */
export function createTransport(way: UpstreamWay, names: NameCache, context: PoolContext): UpstreamTransport {
  const { address, version, identity } = way
  const createHttp1 = (): Http1UpstreamPool =>
    new Http1UpstreamPool({ address, identity, dialer: createDialer(address, names) }, context)
  if (version === 'h1' || (version === 'auto' && identity === undefined)) return createHttp1()
  const dialer = createDialer(address, names)
  const alpn = version === 'auto' ? ['h2', 'http/1.1'] : ['h2']
  return new Http2UpstreamPool({
    name: toUpstreamName(address),
    scheme: identity === undefined ? 'http' : 'https',
    dialer,
    dial: (connectMs) =>
      identity === undefined ? dial(dialer, connectMs) : dialTls(dialer, connectMs, identity, alpn),
    maxHeaderBytes: context.maxHeaderBytes,
    clock: context.clock,
    ...(identity === undefined ? {} : { explain: (error) => toTlsError(error, address, identity) }),
    ...(version === 'auto' ? { fallback: createHttp1() } : {}),
  })
}
