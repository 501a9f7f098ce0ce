/** Daemon-wide numbers of instances. Each instance reserves some 20 GB of address space, of which there is an end. */
export interface InstanceCaps {
  /** Instances of stateless pools, idle and in use. */
  readonly maxStateless: number
  /** All instances. */
  readonly maxTotal: number
}

/** A pool that can do with fewer instances than it has. */
export interface Spender {
  /** Drops an idle instance and gives its place back; answers whether there was one. */
  surrender(): boolean
}

/** Keeps the number of instances within its caps. */
export class InstanceBudget {
  readonly #caps: InstanceCaps
  readonly #spenders: Set<Spender> = new Set()
  #stateless: number = 0
  #stateful: number = 0

  constructor(caps: InstanceCaps) {
    this.#caps = caps
  }

  /** Takes a place for an instance of a stateful pool; answers whether there was one. */
  takeStateful(): boolean {
    if (this.#stateful + this.#stateless >= this.#caps.maxTotal && !this.#reclaim()) return false
    this.#stateful++
    return true
  }

  /**
   * Takes a place for an instance of a stateless pool; answers whether there was one.
   *
   * @param isUrgent a call waits for it: an idle instance of another pool makes room.
   */
  takeStateless(isUrgent: boolean): boolean {
    const isFull = this.#stateless >= this.#caps.maxStateless || this.#stateful + this.#stateless >= this.#caps.maxTotal
    if (isFull && !(isUrgent && this.#reclaim())) return false
    this.#stateless++
    return true
  }

  releaseStateful(): void {
    this.#stateful--
  }

  releaseStateless(): void {
    this.#stateless--
  }

  /** Registers a stateless pool as one that others may take idle instances from. */
  register(spender: Spender): void {
    this.#spenders.add(spender)
  }

  unregister(spender: Spender): void {
    this.#spenders.delete(spender)
  }

  #reclaim(): boolean {
    for (const spender of this.#spenders) {
      if (!spender.surrender()) continue
      // The next one in need takes from another pool.
      this.#spenders.delete(spender)
      this.#spenders.add(spender)
      return true
    }
    return false
  }
}
