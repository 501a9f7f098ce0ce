/** How much a peer may send, on a stream or on the connection (RFC 9113 §5.2). */
export class ReceiveWindow {
  readonly #limit: number
  #open: number
  /** Bytes taken that the peer has not been told of. */
  #uncredited = 0

  /** @param bytes size of the window. */
  constructor(bytes: number) {
    this.#limit = bytes
    this.#open = bytes
  }

  /**
   * Notes bytes that have come.
   *
   * @returns whether the peer was allowed to send them.
   */
  receive(bytes: number): boolean {
    this.#open -= bytes
    return this.#open >= 0
  }

  /**
   * Notes bytes that were taken.
   *
   * @returns by how much the window is to be opened now: little by little would cost a frame each time.
   */
  credit(bytes: number): number {
    this.#uncredited += bytes
    if (this.#uncredited < this.#limit >> 1) return 0
    const increment = this.#uncredited
    this.#open += increment
    this.#uncredited = 0
    return increment
  }
}
