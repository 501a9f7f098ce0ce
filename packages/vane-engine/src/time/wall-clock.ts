/** `Date.now()` has whole milliseconds, so that the two clocks seem to drift by up to one. More is a clock that was set. */
const MAX_JITTER_MS = 2

/** The wall clock at moments of the monotonic one. A moment has the same time whenever it is asked for, unless the clock was set. */
export class WallClock {
  #offsetMs = Number.NaN

  /** @param atMs as `performance.now()` has it. */
  toUnixMs(atMs: number): number {
    const offsetMs = Date.now() - performance.now()
    if (!(Math.abs(offsetMs - this.#offsetMs) < MAX_JITTER_MS)) this.#offsetMs = offsetMs
    return Math.round(atMs + this.#offsetMs)
  }
}
