import type { HeaderList } from 'vane-core'
import type { ChunkedDecoder } from './chunked-decoder.ts'
import type { ContentTarget } from './piece-joiner.ts'

/** Finds a message's content among its bytes, by any of the framings of RFC 9112 §6.3. */
export class ContentDecoder {
  /** Bytes still to come; `Infinity` where nobody knows. */
  remaining: number
  readonly #chunked: ChunkedDecoder | undefined

  /** @param framing the declared length, a decoder of chunks, or `undefined` where only the connection's end ends it. */
  constructor(framing: number | ChunkedDecoder | undefined) {
    this.#chunked = typeof framing === 'object' ? framing : undefined
    this.remaining = typeof framing === 'number' ? framing : Infinity
  }

  /** Whether the end of the connection, and nothing else, is the end of the content. */
  get endsWithConnection(): boolean {
    return this.#chunked === undefined && this.remaining === Infinity
  }

  get isDone(): boolean {
    return this.#chunked === undefined ? this.remaining === 0 : this.#chunked.isDone
  }

  get trailers(): HeaderList | undefined {
    return this.#chunked?.trailers
  }

  /**
   * Hands content on until it ends or the bytes do.
   *
   * @returns the index behind what belongs to the content.
   * @throws HeadFault where the framing is broken.
   */
  decode(bytes: Buffer, from: number, target: ContentTarget): number {
    if (this.#chunked !== undefined) return this.#chunked.decode(bytes, from, target)
    const end = Math.min(bytes.length, from + this.remaining)
    this.remaining -= end - from
    target.push(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end))
    return end
  }
}
