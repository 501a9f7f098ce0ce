import { Buffer } from 'node:buffer'

/** Memory of one recorder: a piece of what many of them share. */
export interface RecorderMemory {
  readonly words: Uint32Array
  /** Where its words begin. */
  readonly firstWord: number
  readonly bytes: Buffer
  /** Where its bytes begin. */
  readonly firstByte: number
}

/** What each recorder gets. */
export interface RecorderSize {
  readonly words: number
  readonly bytes: number
}

const RECORDERS_PER_SLAB = 256

/**
 * Hands out memory for recorders, in large pieces: thousands of small buffers outside the heap would be thousands of things
 * for the garbage collector to look after.
 */
export class RecorderSlabs {
  readonly #size: RecorderSize
  #words = new Uint32Array(0)
  #bytes: Buffer = Buffer.alloc(0)
  #handedOut = RECORDERS_PER_SLAB

  constructor(size: RecorderSize) {
    this.#size = size
  }

  take(): RecorderMemory {
    const { words, bytes } = this.#size
    if (this.#handedOut === RECORDERS_PER_SLAB) {
      this.#words = new Uint32Array(RECORDERS_PER_SLAB * words)
      this.#bytes = Buffer.alloc(RECORDERS_PER_SLAB * bytes)
      this.#handedOut = 0
    }
    const at = this.#handedOut++
    return { words: this.#words, firstWord: at * words, bytes: this.#bytes, firstByte: at * bytes }
  }
}
