/** How many of something each address has. An interface, so that several threads can one day ask the same one. */
export interface AddressCounts {
  /** Counts one more, unless that would be more than `max`. @returns whether it was counted. */
  enter(key: string, max: number): boolean
  /** Counts one less of what was counted. */
  leave(key: string): void
}

/** Counts in this thread's memory. An address that has none left takes no room, so that what is counted bounds the table. */
export class LocalAddressCounts implements AddressCounts {
  readonly #counts = new Map<string, number>()

  get size(): number {
    return this.#counts.size
  }

  enter(key: string, max: number): boolean {
    const count = this.#counts.get(key) ?? 0
    if (count >= max) return false
    this.#counts.set(key, count + 1)
    return true
  }

  leave(key: string): void {
    const count = this.#counts.get(key) ?? 0
    if (count > 1) this.#counts.set(key, count - 1)
    else this.#counts.delete(key)
  }
}
