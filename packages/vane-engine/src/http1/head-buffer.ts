import { CR, LF } from './char-class.ts'
import { HeadFault } from './head-fault.ts'

const MIN_STORE_BYTES = 2_048

/**
 * Collects a head, or a trailer section, that arrives in more than one piece, and finds its end.
 *
 * Each byte is looked at once, however small the pieces are, and nothing is parsed before the end is there: a sender who
 * drips bytes must not have the same head read again with every one of them.
 */
export class HeadBuffer {
  readonly #maxBytes: number
  /** Grows by doubling. Kept pieces would each hold on to a buffer of its own: byte by byte, that is a hundredfold. */
  #store: Buffer = Buffer.alloc(0)
  #bytes = 0
  /** Index, over all pieces, behind the last line feed. */
  #lineStart = 0
  #lastByte = 0

  /** @param maxBytes including the empty line; one more is a fault. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes collected so far. */
  get length(): number {
    return this.#bytes
  }

  /**
   * Takes bytes in, up to the end of the section where it is among them.
   *
   * @returns the index behind the last byte taken where the section is complete, else -1: then all were taken.
   * @throws HeadFault where a line feed has no carriage return before it, and where there are too many bytes.
   */
  take(bytes: Uint8Array, from: number): number {
    let at = from
    for (;;) {
      const feed = bytes.indexOf(LF, at)
      if (feed === -1) break
      const before = feed > from ? bytes[feed - 1] : this.#lastByte
      if (before !== CR) throw new HeadFault('line feed without carriage return')
      const index = this.#bytes + feed - from
      const isEmptyLine = index === this.#lineStart + 1
      this.#lineStart = index + 1
      at = feed + 1
      if (isEmptyLine) {
        this.#keep(bytes, from, at)
        return at
      }
    }
    this.#keep(bytes, from, bytes.length)
    return -1
  }

  /** Everything that was taken, in one piece. */
  join(): Buffer {
    return this.#store.subarray(0, this.#bytes)
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    if (to === from) return
    const total = this.#bytes + to - from
    if (total > this.#maxBytes) throw new HeadFault(`more than ${this.#maxBytes} bytes of header fields`, true)
    if (total > this.#store.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(MIN_STORE_BYTES, total * 2)))
      grown.set(this.#store.subarray(0, this.#bytes))
      this.#store = grown
    }
    this.#store.set(bytes.subarray(from, to), this.#bytes)
    this.#bytes = total
    this.#lastByte = bytes[to - 1]!
  }
}
