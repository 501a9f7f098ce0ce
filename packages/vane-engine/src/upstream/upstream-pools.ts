import { type Logger, SILENT_LOGGER, type UpstreamAddress } from 'vane-core'
import { ResponseDecoder } from '../http1/response-decoder.ts'
import { DeadlineClock } from '../time/deadline-clock.ts'
import { createTransport, toWayKey, type UpstreamWay } from './create-transport.ts'
import { createDialer } from './create-dialer.ts'
import type { Dialer } from './dialer.ts'
import { NameCaches, type NameLease } from './resolve/name-caches.ts'
import type { PoolContext, UpstreamStats } from './upstream-pool.ts'
import type { UpstreamTransport } from './upstream-transport.ts'

/** Response heads may be as large as the requests' that clients send. */
const MAX_HEADER_BYTES = 65_536

/** One use of a pool. */
export interface PoolLease {
  readonly pool: UpstreamTransport
  /** Ends the use; called once. The last one closes the pool's idle connections. */
  release(): void
}

/**
 * Every upstream pool of an engine. Graphs lease pools, so that a reload, which links the new graph before it lets go of the
 * old one, keeps the connections of the upstreams that both name.
 */
export class UpstreamPools {
  readonly #context: PoolContext = {
    clock: new DeadlineClock(),
    decoder: new ResponseDecoder(MAX_HEADER_BYTES),
    maxHeaderBytes: MAX_HEADER_BYTES,
  }
  readonly #names: NameCaches
  readonly #pools = new Map<string, { readonly pool: UpstreamTransport; readonly names: NameLease; leases: number }>()
  /** Pools that no graph leases any more, and that tunnels may be on still. */
  readonly #left = new Set<UpstreamTransport>()

  constructor(logger: Logger = SILENT_LOGGER) {
    this.#names = new NameCaches(logger)
  }

  /** For deadlines of requests to upstreams. */
  get clock(): DeadlineClock {
    return this.#context.clock
  }

  /** Leases the pool of a way to an upstream. */
  lease(way: UpstreamWay): PoolLease {
    const key = toWayKey(way)
    let entry = this.#pools.get(key)
    if (entry === undefined) {
      const names = this.#names.lease(way.nameservers)
      entry = { pool: createTransport(way, names.names, this.#context), names, leases: 0 }
      this.#pools.set(key, entry)
    }
    const leased = entry
    leased.leases++
    return {
      pool: leased.pool,
      release: () => {
        if (--leased.leases > 0) return
        leased.pool.retire()
        leased.names.release()
        this.#pools.delete(key)
        this.#left.add(leased.pool)
        this.#forgetEmpty()
      },
    }
  }

  /** A dialer for connections that are nobody's to keep. A name is the system's to find. */
  createDialer(address: UpstreamAddress): Dialer {
    return createDialer(address, this.#names.system)
  }

  stats(): UpstreamStats[] {
    this.#forgetEmpty()
    return [...[...this.#pools.values()].map(({ pool }) => pool), ...this.#left].map((pool) => pool.stats())
  }

  /**
   * Closes the connections to an upstream that no request is on, and has its name asked for anew.
   *
   * @param name as `stats` has it; TLS or not, every version of HTTP.
   * @returns how many, or `undefined` where there is no such upstream.
   */
  dropIdle(name: string): number | undefined {
    const pools = [...this.#pools.values()].filter(({ pool }) => pool.stats().upstream === name)
    for (const { pool } of pools) pool.expireName()
    return pools.length === 0 ? undefined : pools.reduce((sum, { pool }) => sum + pool.dropIdle(), 0)
  }

  /** Ends every connection. */
  close(): void {
    for (const { pool } of this.#pools.values()) pool.close()
    for (const pool of this.#left) pool.close()
    this.#names.close()
    this.#context.clock.close()
  }

  #forgetEmpty(): void {
    for (const pool of this.#left) if (pool.stats().tunnels === 0) this.#left.delete(pool)
  }
}
