/** Closed streams that are remembered: enough for what can still be on its way. */
const REMEMBERED = 256

/**
 * How the latest streams of a connection were closed (RFC 9113 §5.1): what arrives for one that we reset was on its way, for
 * one that the peer closed it breaks the protocol.
 */
export class RecentStreams {
  readonly #closedByPeer = new Map<number, boolean>()

  /** Notes that a stream has closed. */
  add(id: number, isClosedByPeer: boolean): void {
    this.#closedByPeer.set(id, isClosedByPeer)
    if (this.#closedByPeer.size <= REMEMBERED) return
    const oldest = this.#closedByPeer.keys().next()
    if (oldest.done !== true) this.#closedByPeer.delete(oldest.value)
  }

  /** Whether the peer had closed a stream; `undefined` where that is forgotten. */
  isClosedByPeer(id: number): boolean | undefined {
    return this.#closedByPeer.get(id)
  }
}
