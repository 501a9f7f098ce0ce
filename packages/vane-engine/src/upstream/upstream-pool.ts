import { type UpstreamAddress, VaneError } from 'vane-core'
import type { ResponseDecoder } from '../http1/response-decoder.ts'
import type { DeadlineClock } from '../time/deadline-clock.ts'
import { toTlsError } from '../tls/to-tls-error.ts'
import type { UpstreamIdentity } from '../tls/upstream-tls.ts'
import { dial, dialTls } from './dial.ts'
import type { AddressFollower, Dialer, NameStats } from './dialer.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import { UpstreamConnection } from './upstream-connection.ts'
import { Http1UpstreamExchange } from './upstream-exchange.ts'
import type { UpstreamExchange, UpstreamListener, UpstreamRequest } from './upstream-request.ts'
import type { UpstreamTransport } from './upstream-transport.ts'

/** Kept connections nobody uses, per upstream. */
const MAX_IDLE = 32
/** Connections per upstream; further requests wait, bounded by the connect timeout. */
const MAX_CONNECTIONS = 100
/** How long a kept connection may stay unused; below the 60 s after which common servers close theirs. */
const IDLE_TIMEOUT_MS = 45_000

/** Figures of one upstream at one moment. */
export interface UpstreamStats extends NameStats {
  readonly upstream: string
  /** Connections that carry a request. */
  readonly active: number
  /** Connections that are kept for the next one. */
  readonly idle: number
  /** Connections that carry a tunnel: they are beside the others, whatever their number. */
  readonly tunnels: number
  /** Requests that wait for a connection. */
  readonly waiting: number
  /** Requests begun so far. */
  readonly requests: number
  /** Requests that failed so far. */
  readonly failures: number
  /** Times that a request was sent again: a kept connection had died, or its rule has it repeated. */
  readonly retries: number
}

/** What the pools of an engine share. */
export interface PoolContext {
  readonly clock: DeadlineClock
  readonly decoder: ResponseDecoder
  readonly maxHeaderBytes: number
}

/** What HTTP/1.1 is called where protocols are agreed on (RFC 7301 §6). */
const ALPN_HTTP1: readonly string[] = ['http/1.1']

/** Where a pool's connections lead. */
export interface PoolTarget {
  readonly address: UpstreamAddress
  readonly dialer: Dialer
  /** `undefined`: in clear. */
  readonly identity: UpstreamIdentity | undefined
}

/** HTTP/1.1 connections to one upstream. */
export class Http1UpstreamPool implements ConnectionOwner, UpstreamTransport, AddressFollower {
  /** For people: `host:port` or `unix:/path`. */
  readonly name: string
  readonly clock: DeadlineClock
  readonly decoder: ResponseDecoder
  readonly maxHeaderBytes: number
  readonly idleTimeoutMs: number = IDLE_TIMEOUT_MS
  #failures = 0
  #requests = 0
  #retries = 0
  readonly #target: PoolTarget
  readonly #connections = new Set<UpstreamConnection>()
  /** The one used last is used first: the others may then close. */
  readonly #idle: UpstreamConnection[] = []
  readonly #waiting = new Set<Http1UpstreamExchange>()
  readonly #tunnels = new Set<UpstreamConnection>()
  #isRetired = false

  constructor(target: PoolTarget, { clock, decoder, maxHeaderBytes }: PoolContext) {
    this.#target = target
    this.name = toUpstreamName(target.address)
    this.clock = clock
    this.decoder = decoder
    this.maxHeaderBytes = maxHeaderBytes
    target.dialer.follow(this)
  }

  /**
   * Sends a request. The listener may hear of a failure before this returns.
   *
   * @param nowMs of `performance.now()`, where somebody has just looked.
   * @throws TypeError where a field cannot be written.
   */
  send(request: UpstreamRequest, listener: UpstreamListener, nowMs?: number): UpstreamExchange {
    const exchange = new Http1UpstreamExchange(this, request, listener)
    if (request.attempt.number <= 1) this.#requests++
    else this.#retries++
    let connection = this.#idle.pop()
    while (connection !== undefined && !connection.isUsable) connection = this.#idle.pop()
    if (connection === undefined) this.#connectOrWait(exchange)
    else this.#assign(exchange, connection, nowMs)
    return exchange
  }

  /** Sends a request again whose kept connection had died, on a fresh one. */
  retry(exchange: Http1UpstreamExchange): void {
    this.#retries++
    this.#connectOrWait(exchange)
  }

  countFailure(): void {
    this.#failures++
  }

  /** An exchange no longer waits for a connection. */
  forget(exchange: Http1UpstreamExchange): void {
    this.#waiting.delete(exchange)
  }

  explain(error: Error): Error {
    const { address, identity } = this.#target
    return (identity === undefined ? undefined : toTlsError(error, address, identity)) ?? error
  }

  expireName(): void {
    this.#target.dialer.expireName()
  }

  get isResolving(): boolean {
    return this.#target.dialer.isResolving
  }

  get hasConnections(): boolean {
    return this.#connections.size > 0
  }

  leaveOthers(isCurrent: (address: string) => boolean): void {
    for (const connection of this.#connections) {
      const { remoteAddress } = connection.socket
      if (remoteAddress !== undefined && !isCurrent(remoteAddress)) connection.leave()
    }
  }

  onFree(connection: UpstreamConnection): void {
    const [next] = this.#waiting
    if (next !== undefined) {
      this.#waiting.delete(next)
      this.#assign(next, connection)
    } else if (this.#idle.length < MAX_IDLE && !this.#isRetired) this.#idle.push(connection)
    else connection.socket.destroy()
  }

  onSwitched(connection: UpstreamConnection): void {
    this.#leave(connection)
    this.#tunnels.add(connection)
  }

  onClosed(connection: UpstreamConnection): void {
    if (!this.#tunnels.delete(connection)) this.#leave(connection)
  }

  /** Its place is free. */
  #leave(connection: UpstreamConnection): void {
    this.#connections.delete(connection)
    const index = this.#idle.indexOf(connection)
    if (index !== -1) this.#idle.splice(index, 1)
    const [next] = this.#waiting
    if (next === undefined) return
    this.#waiting.delete(next)
    this.#connectOrWait(next)
  }

  /** Closes every connection that no request is on. @returns how many. */
  dropIdle(): number {
    const dropped = this.#idle.splice(0)
    for (const { socket } of dropped) socket.destroy()
    return dropped.length
  }

  stats(): UpstreamStats {
    const idle = this.#idle.length
    return {
      upstream: this.name,
      active: this.#connections.size - idle,
      idle,
      tunnels: this.#tunnels.size,
      waiting: this.#waiting.size,
      requests: this.#requests,
      failures: this.#failures,
      retries: this.#retries,
      ...this.#target.dialer.stats(),
    }
  }

  /** No request will follow those that are running: connections close after them. */
  retire(): void {
    this.#isRetired = true
    this.#target.dialer.unfollow()
    this.dropIdle()
  }

  /** Ends every connection, running requests and tunnels included. */
  close(): void {
    this.retire()
    const closed = new VaneError({ kind: 'canceled' }, 'engine is closed')
    for (const exchange of this.#waiting) exchange.breakOff(closed)
    this.#waiting.clear()
    for (const { socket } of [...this.#connections, ...this.#tunnels]) socket.destroy()
  }

  #connectOrWait(exchange: Http1UpstreamExchange): void {
    if (this.#connections.size >= MAX_CONNECTIONS) {
      this.#waiting.add(exchange)
      exchange.onWaiting()
      return
    }
    const { dialer, identity } = this.#target
    const { connectMs } = exchange.request.timeouts
    const { socket, readyEvent } =
      identity === undefined ? dial(dialer, connectMs) : dialTls(dialer, connectMs, identity, ALPN_HTTP1)
    const connection = new UpstreamConnection(socket, this, readyEvent)
    this.#connections.add(connection)
    this.#assign(exchange, connection)
  }

  #assign(exchange: Http1UpstreamExchange, connection: UpstreamConnection, nowMs?: number): void {
    exchange.onAssigned(connection)
    connection.run(exchange, nowMs)
  }
}

/** Text form of an upstream's address. */
export function toUpstreamName(address: UpstreamAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
