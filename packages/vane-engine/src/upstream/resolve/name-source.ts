/** One address that a name stands for. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** What a name stands for. */
export interface NameAnswer {
  /** At least one; those that are to be tried first stand first. */
  readonly addresses: readonly ResolvedAddress[]
  /** How long it holds, as whoever answered has it. */
  readonly ttlMs: number
}

/** Whoever knows what names stand for. */
export interface NameSource {
  /**
   * Finds out what a name stands for.
   *
   * @param signal ends it: nobody wants to know any more.
   * @throws NameFailure that says who was asked, and what came of it.
   */
  lookUp(host: string, signal: AbortSignal): Promise<NameAnswer>
}

/** Addresses of one family that are kept of an answer: what a name server sends is no reason to remember thousands. */
export const MAX_ADDRESSES_PER_FAMILY = 32
