import { connect, type Socket } from 'node:net'
import type { TcpForwardTerminate, VaneError } from 'vane-core'
import { resetSocket } from '../listen/reset-socket.ts'
import { describeAddress } from '../tls/upstream-tls.ts'
import type { Dialer } from '../upstream/dialer.ts'
import { toConnectTimeout, toUpstreamError } from '../upstream/upstream-error.ts'
import { toUpstreamName } from '../upstream/upstream-pool.ts'
import { joinSockets } from './join-sockets.ts'

/** A client whose bytes are to be carried. */
export interface ForwardedClient {
  readonly socket: Socket
  /** What it had sent before it ended its side, where that was seen: nobody can put it back into the socket. */
  readonly lastBytes: Buffer | undefined
}

/** Carries the bytes of connections to one upstream, and back, without looking at them. */
export class TcpForward {
  /** As it is named in the rule. */
  readonly upstream: string
  readonly #spec: TcpForwardTerminate
  readonly #dialer: Dialer

  constructor(spec: TcpForwardTerminate, dialer: Dialer) {
    this.#spec = spec
    this.#dialer = dialer
    this.upstream = toUpstreamName(spec.upstream)
  }

  /**
   * Connects, and carries until both sides have ended: an end is passed on, and so is a reset. Takes the client's socket
   * over, but for its errors.
   *
   * @param onFailure hears once of an upstream that could not be reached or broke off.
   */
  carry({ socket: client, lastBytes }: ForwardedClient, onFailure: (error: VaneError) => void): void {
    const { upstream: address, connectTimeoutMs, idleTimeoutMs } = this.#spec
    const name = describeAddress(address)
    const upstream = this.#dialer.open(connectTimeoutMs, (where) => connect({ ...where, allowHalfOpen: true }))
    let [isConnected, hasFailed] = [false, false]
    const fail = (error: VaneError): void => {
      if (hasFailed) return
      hasFailed = true
      // Who has gone first cannot be failed.
      if (!client.destroyed) onFailure(error)
      upstream.destroy()
      resetSocket(client)
    }
    const connectTimer = setTimeout(() => {
      fail(toConnectTimeout(name, connectTimeoutMs, this.#dialer.isResolving))
    }, connectTimeoutMs)
    upstream.once('connect', () => {
      isConnected = true
      clearTimeout(connectTimer)
      if (lastBytes !== undefined) upstream.write(lastBytes)
      joinSockets({ client, upstream, idleTimeoutMs })
    })
    upstream.on('error', (error) =>
      fail(toUpstreamError(error, { upstream: name, isConnected, hasAnswered: isConnected, isIdlePickup: false })),
    )
    upstream.once('close', () => clearTimeout(connectTimer))
    client.once('close', () => {
      if (!isConnected) upstream.destroy()
    })
  }
}
