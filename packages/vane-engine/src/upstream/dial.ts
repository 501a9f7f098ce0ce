import { connect, type Socket } from 'node:net'
import type { UpstreamAddress } from 'vane-core'

/** A socket that is connecting. */
export interface DialedSocket {
  readonly socket: Socket
  /** Event from which on it carries requests. */
  readonly readyEvent: 'connect' | 'secureConnect'
}

/** Begins to connect to an upstream. Failures come as the socket's `error`. */
export function dial(address: UpstreamAddress): DialedSocket {
  const socket =
    address.kind === 'unix'
      ? connect({ path: address.path })
      : connect({ host: address.host, port: address.port, noDelay: true })
  return { socket, readyEvent: 'connect' }
}
