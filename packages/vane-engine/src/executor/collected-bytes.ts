import { Buffer } from 'node:buffer'

const MIN_BUFFER_BYTES = 1_024

/**
 * Pieces of a body that become one. They are copied: a piece is a view, often of far more than itself, and a peer that sends
 * byte by byte would decide how much memory each byte takes. What is held is at most twice what came.
 */
export class CollectedBytes {
  length = 0
  readonly #maxBytes: number
  /** The only piece so far, as it came. */
  #first: Uint8Array | undefined
  #buffer: Buffer | undefined

  /** @param maxBytes that are expected at most: for more than them no room is made ahead. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(piece: Uint8Array): void {
    const at = this.length
    this.length += piece.length
    // A body that comes in one piece, as most do, is not copied.
    if (at === 0 && piece.length >= MIN_BUFFER_BYTES) {
      this.#first = piece
      return
    }
    const buffer = this.#reserve(this.length)
    if (this.#first !== undefined) {
      buffer.set(this.#first)
      this.#first = undefined
    }
    buffer.set(piece, at)
  }

  /** All of it. Nothing may be added afterwards. */
  take(): Uint8Array {
    return this.#first ?? this.#buffer?.subarray(0, this.length) ?? Buffer.alloc(0)
  }

  /** @returns a buffer of so many bytes at least, with what had been copied into the one before. */
  #reserve(bytes: number): Buffer {
    const before = this.#buffer
    if (before !== undefined && bytes <= before.length) return before
    const roomy = Math.max(MIN_BUFFER_BYTES, 2 * (before?.length ?? 0))
    const buffer = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(this.#maxBytes, roomy)))
    if (before !== undefined) buffer.set(before)
    this.#buffer = buffer
    return buffer
  }
}
