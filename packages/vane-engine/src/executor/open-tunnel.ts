import type { HeaderList } from 'vane-core'
import type { ServerExchange } from '../http1/server-codec.ts'
import { joinSockets } from '../tunnel/join-sockets.ts'
import type { SwitchedUpstream } from '../upstream/upstream-request.ts'

/**
 * Grants a client the protocol that its upstream has granted, and carries bytes from then on.
 *
 * @returns false where the client cannot have it.
 */
export function openTunnel(exchange: ServerExchange, headers: HeaderList, upstream: SwitchedUpstream): boolean {
  const protocol = exchange.request.headers.get('upgrade') ?? ''
  const client = exchange.switchProtocols?.(protocol, headers)
  if (client === undefined) return false
  if (client.ahead.length > 0) upstream.socket.write(client.ahead)
  if (upstream.ahead.length > 0) client.socket.write(upstream.ahead)
  joinSockets({ client: client.socket, upstream: upstream.socket, idleTimeoutMs: upstream.idleTimeoutMs })
  return true
}
