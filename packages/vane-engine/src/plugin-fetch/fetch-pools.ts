import type { LookupFunction } from 'node:net'

import { Pool } from 'undici'

/** What tells one pool of connections from another. */
export interface FetchTarget {
  readonly url: URL
  /** IP address that was checked and is connected to. */
  readonly address: string
  readonly allowInsecure: boolean
}

const MAX_POOLS = 128
const CONNECTIONS_PER_POOL = 16
const CONNECT_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 10_000

/**
 * Kept connections by origin and address. The address is part of the key, so that no call takes a connection to an address
 * that its own policy was not asked about.
 */
export class FetchPools {
  /** The one used longest ago comes first. */
  readonly #pools = new Map<string, Pool>()

  get(target: FetchTarget): Pool {
    const key = `${target.url.origin} ${target.address} ${target.allowInsecure}`
    const known = this.#pools.get(key)
    this.#pools.delete(key)
    const pool = known ?? createPool(target)
    this.#pools.set(key, pool)
    if (this.#pools.size > MAX_POOLS) this.#retireOldest()
    return pool
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()]
    this.#pools.clear()
    await Promise.all(pools.map((pool) => pool.destroy()))
  }

  #retireOldest(): void {
    for (const [key, pool] of this.#pools) {
      this.#pools.delete(key)
      // Lets what is in flight finish.
      void pool.close().catch(() => {})
      return
    }
  }
}

function createPool({ url, address, allowInsecure }: FetchTarget): Pool {
  const family = address.includes(':') ? 6 : 4
  const lookup: LookupFunction = (_host, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
  return new Pool(url.origin, {
    connections: CONNECTIONS_PER_POOL,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Time limits are the call's own, through its signal.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: { lookup, timeout: CONNECT_TIMEOUT_MS, rejectUnauthorized: !allowInsecure },
  })
}
