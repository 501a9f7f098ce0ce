/** Memory of one recorder: a piece of what many of them share. */
export interface StepMemory {
  readonly words: Uint32Array
  /** Where its own begin. */
  readonly firstWord: number
}

const RECORDERS_PER_SLAB = 64

/**
 * Hands out memory for recorders, in large pieces: many small buffers outside the heap would be many things for the garbage
 * collector to look after.
 */
export class StepSlabs {
  readonly #wordsEach: number
  #words = new Uint32Array(0)
  #handedOut = RECORDERS_PER_SLAB

  constructor(wordsEach: number) {
    this.#wordsEach = wordsEach
  }

  take(): StepMemory {
    if (this.#handedOut === RECORDERS_PER_SLAB) {
      this.#words = new Uint32Array(RECORDERS_PER_SLAB * this.#wordsEach)
      this.#handedOut = 0
    }
    return { words: this.#words, firstWord: this.#handedOut++ * this.#wordsEach }
  }
}
