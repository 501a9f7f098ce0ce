import { ResponseDecoder } from '../http1/response-decoder.ts'
import { DeadlineClock } from '../time/deadline-clock.ts'
import {
  Http1UpstreamPool,
  type PoolContext,
  type PoolTarget,
  toUpstreamName,
  type UpstreamStats,
} from './upstream-pool.ts'

/** Response heads may be as large as the requests' that clients send. */
const MAX_HEADER_BYTES = 65_536

/** One use of a pool. */
export interface PoolLease {
  readonly pool: Http1UpstreamPool
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
  readonly #pools = new Map<string, { readonly pool: Http1UpstreamPool; leases: number }>()

  /** Leases the pool of an address, and of what is said by TLS there. */
  lease(target: PoolTarget): PoolLease {
    const { address, identity } = target
    const key = identity === undefined ? toUpstreamName(address) : `${toUpstreamName(address)} ${identity.key}`
    let entry = this.#pools.get(key)
    if (entry === undefined)
      this.#pools.set(key, (entry = { pool: new Http1UpstreamPool(target, this.#context), leases: 0 }))
    const leased = entry
    leased.leases++
    return {
      pool: leased.pool,
      release: () => {
        if (--leased.leases > 0) return
        leased.pool.retire()
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
    this.#context.clock.close()
  }
}
