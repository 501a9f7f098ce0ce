import { connect, type NetConnectOpts, type Socket } from 'node:net'
import type { UpstreamIdentity } from '../tls/upstream-tls.ts'
import type { Dialer } from './dialer.ts'

/** A socket that is connecting. */
export interface DialedSocket {
  readonly socket: Socket
  /** Event from which on it carries requests. */
  readonly readyEvent: 'connect' | 'secureConnect'
}

/** Begins to connect to an upstream in clear. Failures come as the socket's `error`. */
export function dial(dialer: Dialer, connectMs: number): DialedSocket {
  return { socket: dialer.open(connectMs, connectPlain), readyEvent: 'connect' }
}

/**
 * Begins to connect to an upstream by TLS. Failures come as the socket's `error`.
 *
 * @param alpn protocols offered, most wanted first.
 */
export function dialTls(
  dialer: Dialer,
  connectMs: number,
  identity: UpstreamIdentity,
  alpn: readonly string[],
): DialedSocket {
  return { socket: dialer.open(connectMs, (where) => identity.connect(alpn, where)), readyEvent: 'secureConnect' }
}

function connectPlain(where: NetConnectOpts): Socket {
  return connect(where)
}
