import { VaneError } from 'vane-core'
import { DeadlineClock } from '../time/deadline-clock.ts'
import type { UpstreamStats } from '../upstream/upstream-pool.ts'
import { Http2UpstreamExchange } from './upstream-exchange.ts'
import type { DialedSocket } from '../upstream/dial.ts'
import { type AddressFollower, type Dialer, NO_NAME } from '../upstream/dialer.ts'
import type { UpstreamExchange, UpstreamListener, UpstreamRequest } from '../upstream/upstream-request.ts'
import type { UpstreamTransport } from '../upstream/upstream-transport.ts'
import { type SessionOwner, UpstreamSession, type UpstreamSessionOptions } from './upstream-session.ts'

/** Connections per upstream; further requests wait, bounded by the connect timeout. */
const MAX_CONNECTIONS = 100
/** How long an upstream that did not agree to HTTP/2 is not asked again. */
const OTHER_PROTOCOL_MS = 600_000

/** Clocks and limits where nothing else is said. */
export const DEFAULT_SESSION_OPTIONS: UpstreamSessionOptions = {
  maxHeaderBytes: 65_536,
  // Below the 60 s after which common servers close theirs.
  idleTimeoutMs: 45_000,
  pingAfterMs: 15_000,
  stallMs: 60_000,
}

/** Another way to the same upstream; the pool that has it closes it. */
export type Fallback = Pick<UpstreamTransport, 'send'> & Partial<UpstreamTransport>

/** What a pool is made of. */
export interface Http2PoolOptions extends Partial<UpstreamSessionOptions> {
  /** For people: `host:port` or `unix:/path`. */
  readonly name: string
  /** What `:scheme` says. */
  readonly scheme: 'http' | 'https'
  /** Default: one of its own. */
  readonly clock?: DeadlineClock
  /** Begins to connect; with TLS, `h2` is among the protocols offered. */
  dial(connectMs: number): DialedSocket
  /** What `dial` uses; absent where the upstream has no name to be looked up. */
  readonly dialer?: Dialer
  /** Takes the requests for an upstream that does not agree to HTTP/2; without it they fail. */
  readonly fallback?: Fallback
}

/** HTTP/2 connections to one upstream: one, unless it has more streams than that takes or the upstream is leaving it. */
export class Http2UpstreamPool implements UpstreamTransport, SessionOwner, AddressFollower {
  readonly name: string
  readonly scheme: 'http' | 'https'
  readonly fallback: Fallback | undefined
  readonly clock: DeadlineClock
  #failures = 0
  #requests = 0
  #retries = 0
  readonly #options: Http2PoolOptions & UpstreamSessionOptions
  readonly #sessions = new Set<UpstreamSession>()
  readonly #waiting = new Set<Http2UpstreamExchange>()
  #isRetired = false
  #otherUntilMs = 0

  constructor(options: Http2PoolOptions) {
    this.name = options.name
    this.scheme = options.scheme
    this.fallback = options.fallback
    this.clock = options.clock ?? new DeadlineClock()
    this.#options = { ...DEFAULT_SESSION_OPTIONS, ...options }
    options.dialer?.follow(this)
  }

  send(request: UpstreamRequest, listener: UpstreamListener, nowMs?: number): UpstreamExchange {
    if (this.fallback !== undefined && (nowMs ?? performance.now()) < this.#otherUntilMs)
      return this.fallback.send(request, listener, nowMs)
    const exchange = new Http2UpstreamExchange(this, request, listener)
    if (request.attempt.number <= 1) this.#requests++
    else this.#retries++
    this.place(exchange)
    return exchange
  }

  /** Finds a connection for an exchange, or makes one, or lets it wait. */
  place(exchange: Http2UpstreamExchange): void {
    for (const session of this.#sessions) {
      if (!session.hasRoom) continue
      exchange.onAssigned(session)
      session.place(exchange)
      return
    }
    if (this.#sessions.size >= MAX_CONNECTIONS) {
      this.#waiting.add(exchange)
      exchange.onWaiting()
      return
    }
    const session = new UpstreamSession(this.#options.dial(exchange.connectMs), this, this.#options)
    this.#sessions.add(session)
    exchange.onAssigned(session)
    session.place(exchange)
  }

  expireName(): void {
    this.#options.dialer?.expireName()
    this.fallback?.expireName?.()
  }

  get isResolving(): boolean {
    return this.#options.dialer?.isResolving === true
  }

  get hasConnections(): boolean {
    return this.#sessions.size > 0
  }

  leaveOthers(isCurrent: (address: string) => boolean): void {
    for (const session of this.#sessions) {
      const { remoteAddress } = session
      if (remoteAddress !== undefined && !isCurrent(remoteAddress)) session.leave()
    }
  }

  /** Sends a request again that has certainly not been processed, or does no harm twice. */
  retry(exchange: Http2UpstreamExchange): void {
    this.#retries++
    this.place(exchange)
  }

  countFailure(): void {
    this.#failures++
  }

  /** An exchange no longer waits. */
  forget(exchange: Http2UpstreamExchange): void {
    this.#waiting.delete(exchange)
  }

  /** The upstream does not speak HTTP/2. */
  onOtherProtocol({ attempt }: UpstreamRequest): void {
    this.#otherUntilMs = performance.now() + OTHER_PROTOCOL_MS
    if (this.fallback === undefined) return
    // Whoever takes the request counts it.
    if (attempt.number <= 1) this.#requests--
    else this.#retries--
  }

  onCapacity(session: UpstreamSession): void {
    while (this.#waiting.size > 0 && session.hasRoom) this.#placeNext()
    if (this.#isRetired && session.isIdle) session.leave()
  }

  onClosed(session: UpstreamSession): void {
    this.#sessions.delete(session)
    if (this.#waiting.size > 0) this.#placeNext()
  }

  #placeNext(): void {
    const [next] = this.#waiting
    if (next === undefined) return
    this.#waiting.delete(next)
    this.place(next)
  }

  /** Closes every connection that no request is on. @returns how many. */
  dropIdle(): number {
    const idle = [...this.#sessions].filter((session) => session.isIdle)
    for (const session of idle) session.leave()
    return idle.length + (this.fallback?.dropIdle?.() ?? 0)
  }

  stats(): UpstreamStats {
    const idle = [...this.#sessions].filter((session) => session.isIdle).length
    const other = this.fallback?.stats?.()
    const name = this.#options.dialer?.stats() ?? NO_NAME
    return {
      upstream: this.name,
      active: this.#sessions.size - idle + (other?.active ?? 0),
      idle: idle + (other?.idle ?? 0),
      // Only HTTP/1.1 is asked to switch.
      tunnels: other?.tunnels ?? 0,
      waiting: this.#waiting.size + (other?.waiting ?? 0),
      requests: this.#requests + (other?.requests ?? 0),
      failures: this.#failures + (other?.failures ?? 0),
      retries: this.#retries + (other?.retries ?? 0),
      addresses: name.addresses.length > 0 ? name.addresses : (other?.addresses ?? []),
      unresolved: name.unresolved,
    }
  }

  /** No request will follow those that are running: connections close after them. */
  retire(): void {
    this.#isRetired = true
    this.#options.dialer?.unfollow()
    this.fallback?.retire?.()
    for (const session of this.#sessions) session.leave()
  }

  /** Ends every connection, running requests included. */
  close(): void {
    this.retire()
    this.fallback?.close?.()
    const closed = new VaneError({ kind: 'canceled' }, 'engine is closed')
    for (const exchange of this.#waiting) exchange.breakOff(closed)
    this.#waiting.clear()
    for (const session of this.#sessions) session.close(closed)
  }
}
