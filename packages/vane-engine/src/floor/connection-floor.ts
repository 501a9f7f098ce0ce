import { type AddressCounts, LocalAddressCounts } from './address-counts.ts'
import { toCountedKey } from './address-key.ts'
import type { LimitName } from './limit-name.ts'
import { LimitReporter, type LimitSinks } from './limit-reporter.ts'
import { type BucketStore, TokenBuckets } from './token-buckets.ts'

/** Limits for connections and handshakes. */
export interface FloorLimits {
  readonly maxTotalConns: number
  readonly maxConnPerIp: number
  readonly maxPendingHandshakes: number
  /** Per second. */
  readonly maxHandshakeRatePerIp: number
  /** Whether loopback and Unix-socket peers are free of the limits per address. */
  readonly exemptLoopback: boolean
}

/** What a floor is made of. */
export interface FloorParts extends LimitSinks {
  readonly limits: FloorLimits
  /** Milliseconds of a clock that never goes back; default: the process's. */
  readonly now?: () => number
  /** Open connections of each address; default: a table in memory. */
  readonly connections?: AddressCounts
  /** Handshakes of each address; default: a table in memory. */
  readonly handshakes?: BucketStore
}

/** Addresses whose handshakes of the last second are remembered. */
const MAX_HANDSHAKE_ADDRESSES = 65_536

/**
 * Keeps peers within the limits that hold before any rule has a say. One for each engine; every question takes constant
 * time, and the tables are bounded by the limits themselves.
 */
export class ConnectionFloor {
  readonly #limits: FloorLimits
  readonly #reporter: LimitReporter
  readonly #now: () => number
  readonly #connections: AddressCounts
  readonly #handshakes: BucketStore
  #open = 0
  #pendingHandshakes = 0

  constructor(parts: FloorParts) {
    const { limits, now = () => performance.now() } = parts
    this.#limits = limits
    this.#now = now
    this.#reporter = new LimitReporter(parts, now)
    this.#connections = parts.connections ?? new LocalAddressCounts()
    this.#handshakes =
      parts.handshakes ??
      new TokenBuckets({
        rate: limits.maxHandshakeRatePerIp,
        burst: limits.maxHandshakeRatePerIp,
        windowMs: 1_000,
        maxKeys: MAX_HANDSHAKE_ADDRESSES,
      })
  }

  /**
   * Counts a connection in. What is not admitted is to be closed at once, and is not released.
   *
   * @param address of the peer as its socket reports it; `undefined` on a Unix socket.
   */
  admit(address: string | undefined): boolean {
    const { maxTotalConns, maxConnPerIp } = this.#limits
    if (this.#open >= maxTotalConns) return this.#refuse('max_total_conns', address)
    const key = this.#keyOf(address)
    if (key !== undefined && !this.#connections.enter(key, maxConnPerIp)) {
      return this.#refuse('max_conn_per_ip', address)
    }
    this.#open++
    return true
  }

  /** Counts a connection out that was admitted under the same address. */
  release(address: string | undefined): void {
    const key = this.#keyOf(address)
    if (key !== undefined) this.#connections.leave(key)
    this.#open--
  }

  /**
   * Counts a TLS handshake in, before anything is computed for it. One that is not admitted is to be reset: it used a token
   * of its address only where the address was at fault.
   */
  beginHandshake(address: string | undefined): boolean {
    if (this.#pendingHandshakes >= this.#limits.maxPendingHandshakes) {
      return this.#refuse('max_pending_handshakes', address)
    }
    const key = this.#keyOf(address)
    if (key !== undefined && this.#handshakes.take(key, this.#now()) > 0) {
      return this.#refuse('max_handshake_rate_per_ip', address)
    }
    this.#pendingHandshakes++
    return true
  }

  /** An admitted handshake is over, however it ended. To be called once for each. */
  endHandshake(): void {
    this.#pendingHandshakes--
  }

  /** Counts and logs the hit of a limit that somebody else keeps, such as a codec. */
  hit(limit: LimitName, address: string | undefined): void {
    this.#reporter.hit(limit, address)
  }

  #refuse(limit: LimitName, address: string | undefined): false {
    this.#reporter.hit(limit, address)
    return false
  }

  #keyOf(address: string | undefined): string | undefined {
    return toCountedKey(address, this.#limits.exemptLoopback)
  }
}
