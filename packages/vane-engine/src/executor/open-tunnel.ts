import type { Socket } from 'node:net'
import { type HeaderList, VaneError } from 'vane-core'
import type { ServerExchange } from '../http1/server-codec.ts'
import type { Connection } from '../listen/connection.ts'
import { resetSocket } from '../listen/reset-socket.ts'
import { joinSockets } from '../tunnel/join-sockets.ts'
import { toUpstreamError } from '../upstream/upstream-error.ts'
import type { SwitchedUpstream } from '../upstream/upstream-request.ts'
import type { FailureSinks } from './report-failure.ts'
import type { TrajectoryRecorder } from './trajectory-recorder.ts'
import { TunnelAccount } from './tunnel-account.ts'

/** A request that is to go on as a tunnel. */
export interface TunnelRequest {
  readonly exchange: ServerExchange
  readonly connection: Connection
  readonly recorder: TrajectoryRecorder | undefined
  /** Rule of the walk that led here, and what failed on it. */
  readonly rule: string | undefined
  readonly error: Error | undefined
}

/** The upstream's answer to it. */
export interface TunnelGrant {
  readonly headers: HeaderList
  /** Taken over. */
  readonly upstream: SwitchedUpstream
}

/**
 * Grants a client the protocol that its upstream has granted, and carries bytes from then on, beginning with those that were
 * sent ahead. The request is over with that: what is told of it at the tunnel's end holds nothing of its walk.
 *
 * @returns false where the client cannot have it.
 */
export function openTunnel(request: TunnelRequest, { headers, upstream }: TunnelGrant, sinks: FailureSinks): boolean {
  const { exchange, connection, recorder, rule, error } = request
  const client = exchange.switchProtocols?.(upstream.protocol, headers)
  if (client === undefined) {
    upstream.socket.destroy()
    return false
  }
  sinks.counters.requestsActive--
  recorder?.becomeTunnel(connection, exchange, { outcome: 'tunnel', rule, error, protocol: upstream.protocol })
  const account = new TunnelAccount(client, { recorder, rule, connection }, sinks)
  if (client.ahead.length > 0) upstream.socket.write(client.ahead)
  if (upstream.ahead.length > 0) client.socket.write(upstream.ahead)
  carry(client.socket, upstream, account)
  return true
}

/** A function of its own, so that no closure keeps alive what has brought the tunnel about. */
function carry(client: Socket, { socket, name, idleTimeoutMs }: SwitchedUpstream, account: TunnelAccount): void {
  socket.on('error', (error) => {
    account.fail(toUpstreamError(error, { upstream: name, isConnected: true, hasAnswered: true, isIdlePickup: false }))
    resetSocket(client)
  })
  const onIdle = (): void => {
    const message = `upstream ${name} and its client sent nothing for ${idleTimeoutMs} ms`
    account.endsFor(new VaneError({ kind: 'timeout', reason: 'idle' }, message))
  }
  joinSockets({ client, upstream: socket, idleTimeoutMs, onIdle })
}
