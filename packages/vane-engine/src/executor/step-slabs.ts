/** Memory of one recorder: a piece of what many of them share. */
export interface StepMemory {
  readonly words: Uint32Array
  /** Where its own begin. */
  readonly firstWord: number
  /** Two: fields of an object that hold doubles would be objects of their own. */
  readonly moments: Float64Array
  readonly firstMoment: number
}

const RECORDERS_PER_SLAB = 64
/** Two moments stand before the steps: what is written together lies together. */
const MOMENT_WORDS = 4

/**
 * Hands out memory for recorders, in large pieces: many small buffers outside the heap would be many things for the garbage
 * collector to look after.
 */
export class StepSlabs {
  readonly #wordsEach: number
  #words = new Uint32Array(0)
  #moments = new Float64Array(0)
  #handedOut = RECORDERS_PER_SLAB

  /** @param wordsEach an even number. */
  constructor(wordsEach: number) {
    this.#wordsEach = MOMENT_WORDS + wordsEach
  }

  take(): StepMemory {
    if (this.#handedOut === RECORDERS_PER_SLAB) {
      this.#words = new Uint32Array(RECORDERS_PER_SLAB * this.#wordsEach)
      this.#moments = new Float64Array(this.#words.buffer)
      this.#handedOut = 0
    }
    const first = this.#handedOut++ * this.#wordsEach
    return {
      words: this.#words,
      firstWord: first + MOMENT_WORDS,
      moments: this.#moments,
      firstMoment: first / 2,
    }
  }
}
