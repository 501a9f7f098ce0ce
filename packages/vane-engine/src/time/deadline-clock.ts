/** Something that must not go on for ever. */
export interface Deadline {
  /** Moment of `performance.now()` at which it has; `Infinity` while no time limit runs. Written by the clock alone. */
  deadlineMs: number
  /** Where it stands among the clock's entries; -1 while it does not. Written by the clock alone. */
  clockIndex: number
  /** Its time is up. Called once for each time it was set. */
  onDeadline(): void
}

/** Deadlines that lie closer together than this are found in one look. */
const MIN_SPACING_MS = 5

/**
 * Many deadlines on one timer, made for those that are set often and hardly ever come.
 *
 * To set one is to write a number: a timer of the runtime's, made and cleared for each request, would cost more than parsing
 * it. The timer stands at the earliest deadline it has heard of, and then looks at all of them once.
 */
export class DeadlineClock {
  // No Set: entries come and go with requests, and a Set that has become old keeps many of them until a full collection.
  readonly #entries: Deadline[] = []
  #timer: NodeJS.Timeout | undefined
  #armedForMs = Infinity

  /** Lets an entry be found when its time comes. */
  add(entry: Deadline): void {
    if (entry.clockIndex === -1) entry.clockIndex = this.#entries.push(entry) - 1
  }

  /** Forgets an entry, whatever it is set to. */
  delete(entry: Deadline): void {
    entry.deadlineMs = Infinity
    const at = entry.clockIndex
    if (at === -1) return
    entry.clockIndex = -1
    const last = this.#entries.pop()!
    if (last === entry) return
    this.#entries[at] = last
    last.clockIndex = at
  }

  /**
   * Sets an entry's time limit, in place of the one before.
   *
   * @param nowMs what `performance.now()` has just told somebody: a look at it costs as much as all the rest.
   */
  set(entry: Deadline, afterMs: number, nowMs: number = performance.now()): void {
    entry.deadlineMs = nowMs + afterMs
    if (entry.deadlineMs < this.#armedForMs) this.#arm(entry.deadlineMs, nowMs)
  }

  /** Ends an entry's time limit. */
  clear(entry: Deadline): void {
    entry.deadlineMs = Infinity
  }

  /** Forgets everything. */
  close(): void {
    clearTimeout(this.#timer)
    this.#armedForMs = Infinity
    for (const entry of this.#entries) entry.clockIndex = -1
    this.#entries.length = 0
  }

  #arm(atMs: number, nowMs: number): void {
    clearTimeout(this.#timer)
    this.#armedForMs = atMs
    // What a deadline is for keeps the process alive, not the deadline.
    this.#timer = setTimeout(() => this.#look(), Math.max(MIN_SPACING_MS, Math.ceil(atMs - nowMs))).unref()
  }

  #look(): void {
    this.#armedForMs = Infinity
    const nowMs = performance.now()
    const due: Deadline[] = []
    let nextMs = Infinity
    for (const entry of this.#entries) {
      if (entry.deadlineMs <= nowMs) due.push(entry)
      else if (entry.deadlineMs < nextMs) nextMs = entry.deadlineMs
    }
    if (nextMs !== Infinity) this.#arm(nextMs, nowMs)
    for (const entry of due) {
      // One that came before it may have ended or put it off.
      if (entry.deadlineMs > nowMs) continue
      entry.deadlineMs = Infinity
      entry.onDeadline()
    }
  }
}
