import { METER_EXPORTS } from '../instrument/meter-names.ts'

/** Fuel given out between two looks at the clock: some tens of microseconds of ordinary code. */
const SLICE = 50_000

/**
 * Fuel that the dearest code uses in a millisecond: stores that touch a page of memory each. Towards the end of its time a call is given
 * no more than such code has time for, whatever it has done so far: how fast it was says nothing of what it does next.
 */
const LEAST_FUEL_PER_MS = 5000

/** Less is not worth a look at the clock. */
const MIN_SLICE = 2000

/** Fuel that a call of a host function stands for, besides one for each byte that crosses. */
const HOST_CALL_COST = 2000

/** CPU time in milliseconds that a wait stands for: what the host does to begin and end one happens while the clock stands. */
const WAIT_COST_MS = 0.05

/**
 * `(module (import "m" "c" (func (result i32))) (func (export "s") call 0 i32.eqz if unreachable end))`
 *
 * The stop is a trap of wasm's own: an exception of JavaScript's could be caught by a guest's `catch_all`.
 */
const SLOT_MODULE = new WebAssembly.Module(
  Uint8Array.from([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 2, 96, 0, 1, 127, 96, 0, 0, 2, 7, 1, 1, 109, 1, 99, 0, 0, 3, 2, 1, 1, 7, 5, 1, 1,
    115, 0, 1, 10, 11, 1, 9, 0, 16, 0, 69, 4, 64, 0, 11, 11,
  ]),
)

/**
 * Watches the CPU time of one component instance, whose core modules share it.
 *
 * A call runs on fuel. Only one that asks for more a second time, or for much, looks at the clock, which costs as much as a small call
 * does; the first time may be owed to the calls before it. The clock is the wall's; when the time seems to be up the thread's own CPU
 * time has the last word, for a busy machine must not end calls that hardly ran.
 */
export class Meter {
  readonly #fuel: WebAssembly.Global[] = []
  readonly #slot: unknown
  #limitMs: number = 0
  #isExpired: boolean = false
  #hostFuel: number = SLICE
  /** Whether the running call has asked for fuel before. */
  #hasAsked: boolean = false
  /** CPU time of the running call up to where the clock was last started. */
  #spentMs: number = 0
  /** When the clock was started, by the wall and by the thread; meaningless while it stands. */
  #startMs: number = 0
  #startCpuMs: number = 0
  /** When the call seems to be over; 0 while the clock stands. */
  #deadlineMs: number = 0

  constructor() {
    this.#slot = new WebAssembly.Instance(SLOT_MODULE, { m: { c: () => (this.#look() ? 1 : 0) } }).exports['s']
  }

  /** CPU time that the running call may use. */
  get limitMs(): number {
    return this.#limitMs
  }

  /** Whether the last call was stopped. */
  get isExpired(): boolean {
    return this.#isExpired
  }

  /** Takes in an instance of an instrumented module and runs its start function, within the limit in force. */
  arm(instance: WebAssembly.Instance): void {
    const fuel = instance.exports[METER_EXPORTS.fuel]
    const slot = instance.exports[METER_EXPORTS.slot]
    if (!(fuel instanceof WebAssembly.Global) || !(slot instanceof WebAssembly.Table)) {
      throw new TypeError('the module is not instrumented')
    }
    this.#fuel.push(fuel)
    slot.set(0, this.#slot)
    const start = instance.exports[METER_EXPORTS.start]
    if (typeof start === 'function') (start as WebAssembly.ExportedFunction)()
  }

  /** Begins a call that may use `limitMs` milliseconds. What is left of the last slice of fuel counts for it as well. */
  begin(limitMs: number): void {
    this.#limitMs = limitMs
    this.#isExpired = false
    this.#hasAsked = false
    this.#spentMs = 0
    this.#deadlineMs = 0
  }

  /** Stops the clock while the guest waits. */
  pause(): void {
    this.#spentMs += WAIT_COST_MS
    if (this.#deadlineMs === 0) return
    this.#spentMs += this.#elapsedMs(performance.now())
    this.#deadlineMs = 0
  }

  /** Starts the clock again at once: a guest that waits over and over must not have its first moments for nothing each time. */
  resume(): void {
    this.#start(performance.now())
  }

  /** Ends the call: the guest is stopped at its next charge, should it have survived until there. */
  stop(): void {
    this.#isExpired = true
    for (const fuel of this.#fuel) fuel.value = 0
  }

  /** Counts a call of a host function, which costs time as well; answers false where that was too much. */
  spendOnHost(movedBytes: number): boolean {
    this.#hostFuel -= HOST_CALL_COST + movedBytes
    return this.#hostFuel >= 0 || this.#look()
  }

  /** Gives out more fuel, or answers that the time is up. */
  #look(): boolean {
    if (this.#isExpired) return false
    let slice = SLICE
    if (this.#hasAsked || this.#owesMuch()) {
      const leftMs = this.#leftMs()
      if (leftMs <= 0) {
        this.#isExpired = true
        return false
      }
      slice = Math.min(SLICE, Math.max(MIN_SLICE, Math.floor(leftMs * LEAST_FUEL_PER_MS)))
    }
    this.#hasAsked = true
    // What the others still have of earlier looks is no more than a slice in all, however many modules there are.
    const share = Math.floor(slice / this.#fuel.length)
    for (const fuel of this.#fuel) {
      if ((fuel.value as number) < 0) fuel.value = slice
      else if ((fuel.value as number) > share) fuel.value = share
    }
    this.#hostFuel = slice
    return true
  }

  /** Whether a bulk operation is next that takes longer than what is given out at once. */
  #owesMuch(): boolean {
    return this.#fuel.some((fuel) => (fuel.value as number) < -SLICE)
  }

  /** Time left of the running call, none if it is not above 0; starts the clock where it stands. */
  #leftMs(): number {
    const nowMs = performance.now()
    if (this.#deadlineMs === 0) this.#start(nowMs)
    else if (nowMs >= this.#deadlineMs) this.#extend(nowMs)
    return this.#deadlineMs - nowMs
  }

  #start(nowMs: number): void {
    this.#startMs = nowMs
    this.#startCpuMs = threadCpuMs()
    // Never 0, which stands for a clock that stands.
    this.#deadlineMs = nowMs + Math.max(this.#limitMs - this.#spentMs, 0.001)
  }

  /** Moves the deadline if there is time left after all, since the thread did not run all the while. */
  #extend(nowMs: number): void {
    const leftMs = this.#limitMs - this.#spentMs - this.#elapsedMs(nowMs)
    if (leftMs > 0) this.#deadlineMs = nowMs + leftMs
  }

  /** The thread's clock may tick in steps, so it never says more than the wall's. */
  #elapsedMs(nowMs: number): number {
    return Math.min(nowMs - this.#startMs, threadCpuMs() - this.#startCpuMs)
  }
}

/**
 * CPU time of the thread. A kernel brings that up to date at each of its ticks, up to 4 ms apart, and where the process asks for its
 * own: without that a stop would wait for a tick.
 */
function threadCpuMs(): number {
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
