import type { UpstreamAddress } from 'vane-core'
import { toUpstreamName, UpstreamPool, type UpstreamStats } from './upstream-pool.ts'

/** One use of a pool. */
export interface PoolLease {
  readonly pool: UpstreamPool
  /** Ends the use; called once. The last one closes the pool's idle connections. */
  release(): void
}

/**
 * Every upstream pool of an engine. Graphs lease pools, so that a reload, which links the new graph before it lets go of the
 * old one, keeps the connections of the upstreams that both name.
 */
export class UpstreamPools {
  readonly #pools = new Map<string, { readonly pool: UpstreamPool; leases: number }>()

  /** Leases the pool of an address. */
  lease(address: UpstreamAddress): PoolLease {
    const key = toUpstreamName(address)
    let entry = this.#pools.get(key)
    if (entry === undefined) this.#pools.set(key, (entry = { pool: new UpstreamPool(address), leases: 0 }))
    const leased = entry
    leased.leases++
    return {
      pool: leased.pool,
      release: () => {
        if (--leased.leases > 0) return
        leased.pool.dropIdle()
        this.#pools.delete(key)
      },
    }
  }

  stats(): UpstreamStats[] {
    return [...this.#pools.values()].map(({ pool }) => pool.stats())
  }

  /** Ends every connection. */
  close(): void {
    for (const { pool } of this.#pools.values()) pool.close()
  }
}
