import { connect, type Socket } from 'node:net'
import type { UpstreamAddress } from 'vane-core'
import type { UpstreamIdentity } from '../tls/upstream-tls.ts'

/** A socket that is connecting. */
export interface DialedSocket {
  readonly socket: Socket
  /** Event from which on it carries requests. */
  readonly readyEvent: 'connect' | 'secureConnect'
}

/** What HTTP/1.1 is called where protocols are agreed on (RFC 7301 §6). */
const ALPN_HTTP1: readonly string[] = ['http/1.1']

/** Begins to connect to an upstream, by TLS where there is an identity. Failures come as the socket's `error`. */
export function dial(address: UpstreamAddress, identity?: UpstreamIdentity): DialedSocket {
  if (identity !== undefined) return { socket: identity.connect(ALPN_HTTP1), readyEvent: 'secureConnect' }
  const socket =
    address.kind === 'unix'
      ? connect({ path: address.path })
      : connect({ host: address.host, port: address.port, noDelay: true })
  return { socket, readyEvent: 'connect' }
}
