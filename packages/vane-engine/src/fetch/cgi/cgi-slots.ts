import { VaneError } from 'vane-core'

/** Figures of the programs of an engine. */
export interface CgiStats {
  /** Programs that may run at once. */
  readonly capacity: number
  readonly inUse: number
  /** Programs started so far. */
  readonly total: number
  /** Requests refused because all places were taken. */
  readonly refused: number
}

/** Places for programs that run at once. A request that finds none is refused: waiting ones would only pile up. */
export class CgiSlots {
  readonly #capacity: number
  #inUse = 0
  #total = 0
  #refused = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /**
   * Takes a place. @returns gives it back; called again it does nothing.
   *
   * @throws VaneError of kind `resource`: 503.
   */
  take(): () => void {
    if (this.#inUse >= this.#capacity) {
      this.#refused++
      throw new VaneError(
        { kind: 'resource', reason: 'cgi-pool' },
        `all ${this.#capacity} places for CGI programs are taken`,
      )
    }
    this.#inUse++
    this.#total++
    let isTaken = true
    return () => {
      if (isTaken) this.#inUse--
      isTaken = false
    }
  }

  stats(): CgiStats {
    return { capacity: this.#capacity, inUse: this.#inUse, total: this.#total, refused: this.#refused }
  }
}
