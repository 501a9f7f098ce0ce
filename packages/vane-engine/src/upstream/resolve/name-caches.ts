import type { Logger } from 'vane-core'
import { NameCache } from './name-cache.ts'
import type { NameFailure } from './name-failure.ts'
import { NameserverSource } from './nameserver-source.ts'
import { SystemSource } from './system-source.ts'

/** One use of a cache. */
export interface NameLease {
  readonly names: NameCache
  /** Ends the use; called once. */
  release(): void
}

/** Text that is equal for equal name servers; empty: the system's. */
export function toNameserversKey(nameservers: readonly string[]): string {
  return nameservers.join(',')
}

/** Everything that is known of names, by whom it was asked of: the system, and each list of name servers. */
export class NameCaches {
  /** What the system says. */
  readonly system: NameCache
  readonly #logger: Logger
  readonly #leased = new Map<string, { readonly names: NameCache; leases: number }>()

  constructor(logger: Logger) {
    this.#logger = logger
    this.system = new NameCache(new SystemSource(), this.#onFailure)
  }

  /** Leases what the name servers say, and the system where there are none. */
  lease(nameservers: readonly string[]): NameLease {
    if (nameservers.length === 0) return { names: this.system, release: () => {} }
    const key = toNameserversKey(nameservers)
    let entry = this.#leased.get(key)
    if (entry === undefined) {
      entry = { names: new NameCache(new NameserverSource(nameservers), this.#onFailure), leases: 0 }
      this.#leased.set(key, entry)
    }
    const leased = entry
    leased.leases++
    return {
      names: leased.names,
      release: () => {
        if (--leased.leases > 0) return
        leased.names.retire()
        this.#leased.delete(key)
      },
    }
  }

  /** Ends every question. */
  close(): void {
    this.system.close()
    for (const { names } of this.#leased.values()) names.close()
  }

  /** Requests that fail for it are logged as failures of theirs; that old addresses stand in is seen nowhere else. */
  readonly #onFailure = (host: string, failure: NameFailure, isStale: boolean): void => {
    if (isStale)
      this.#logger.warn(
        { name: host, reason: failure.message },
        'name cannot be resolved, its last known addresses stand in',
      )
  }
}
