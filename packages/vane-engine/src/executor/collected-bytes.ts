import { Buffer } from 'node:buffer'

const MIN_BUFFER_BYTES = 1_024

/**
 * Pieces of a body that become one. They are copied: a piece is a view, often of far more than itself, and a peer that sends
 * byte by byte would decide how much memory each byte takes. What is held is at most twice what came, or a kilobyte.
 */
export class CollectedBytes {
  length = 0
  /** Bytes of memory that are held. */
  size = 0
  readonly #maxBytes: number
  /** The only piece so far, as it came. */
  #first: Uint8Array | undefined
  #buffer: Buffer | undefined

  /** @param maxBytes that are expected at most: for more than them no room is made ahead. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of memory that would be held with a further piece. */
  sizeWith(piece: Uint8Array): number {
    if (this.#keeps(piece)) return piece.buffer.byteLength
    const bytes = this.length + piece.length
    const before = this.#buffer?.length ?? 0
    if (bytes <= before) return before
    return Math.max(bytes, Math.min(this.#maxBytes, Math.max(MIN_BUFFER_BYTES, 2 * before)))
  }

  add(piece: Uint8Array): void {
    const at = this.length
    const size = this.sizeWith(piece)
    const isKept = this.#keeps(piece)
    this.length += piece.length
    this.size = size
    if (isKept) {
      this.#first = piece
      return
    }
    const buffer = this.#reserve(size)
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

  /** A body that comes in one piece, as most do, is not copied, unless it is the smaller part of what was read. */
  #keeps(piece: Uint8Array): boolean {
    return this.length === 0 && piece.length >= MIN_BUFFER_BYTES && piece.buffer.byteLength <= 2 * piece.length
  }

  /** @returns a buffer of so many bytes, with what had been copied into the one before. */
  #reserve(bytes: number): Buffer {
    const before = this.#buffer
    if (before?.length === bytes) return before
    const buffer = Buffer.allocUnsafeSlow(bytes)
    if (before !== undefined) buffer.set(before)
    this.#buffer = buffer
    return buffer
  }
}
