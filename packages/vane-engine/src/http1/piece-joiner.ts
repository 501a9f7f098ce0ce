/** Takes pieces of content as they are found. */
export interface ContentTarget {
  push(piece: Uint8Array): void
}

/** Pieces below this size are handed on together. */
const SMALL_BYTES = 1_024
const JOINED_BYTES = 4_096

/**
 * Hands the pieces of one read on, small ones together: a body in chunks of a byte must not cost a write for each of them, nor
 * an object while it waits. Large pieces are not copied.
 */
export class PieceJoiner {
  readonly #target: ContentTarget
  #joined: Buffer | undefined
  #length = 0

  constructor(target: ContentTarget) {
    this.#target = target
  }

  /** A piece of `bytes`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length >= SMALL_BYTES) {
      this.flush()
      this.#target.push(bytes.subarray(start, end))
      return
    }
    if (this.#length + length > JOINED_BYTES) this.flush()
    this.#joined ??= Buffer.allocUnsafeSlow(JOINED_BYTES)
    // A few bytes at a time, for which a copy by the runtime would cost more.
    for (let at = start; at < end; at++) this.#joined[this.#length++] = bytes[at]!
  }

  /** Hands on what is held. */
  flush(): void {
    const joined = this.#joined
    if (joined === undefined || this.#length === 0) return
    // What is kept for a slow reader must not keep much more than itself.
    const isMostlyEmpty = this.#length < SMALL_BYTES
    this.#target.push(isMostlyEmpty ? Buffer.from(joined.subarray(0, this.#length)) : joined.subarray(0, this.#length))
    if (!isMostlyEmpty) this.#joined = undefined
    this.#length = 0
  }
}
