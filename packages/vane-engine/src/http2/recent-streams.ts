/** Closed streams that are remembered: enough for what can still be on its way. */
const REMEMBERED = 256

/**
 * How the latest streams of a connection were closed (RFC 9113 §5.1): what arrives for one that we reset was on its way, for
 * one that the peer closed it breaks the protocol.
 */
export class RecentStreams {
  /** Ids, twice each and one more where the peer closed it. Noted for every stream, hardly ever asked for. */
  readonly #closed: number[] = []
  #next = 0

  /** Notes that a stream has closed. */
  add(id: number, isClosedByPeer: boolean): void {
    this.#closed[this.#next] = 2 * id + (isClosedByPeer ? 1 : 0)
    this.#next = (this.#next + 1) % REMEMBERED
  }

  /** Whether the peer had closed a stream; `undefined` where that is forgotten. */
  isClosedByPeer(id: number): boolean | undefined {
    if (this.#closed.includes(2 * id + 1)) return true
    return this.#closed.includes(2 * id) ? false : undefined
  }
}
