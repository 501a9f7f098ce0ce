import { AbiError } from '../abi/abi-error.ts'
import type { LeaveGuard } from '../abi/guest-memory.ts'
import { CpuLimitError } from './cpu-limit-error.ts'
import type { Meter } from './meter.ts'
import { trap } from './trap.ts'

/** What one component instance may do at this moment, and whether it is still sound. */
export class CallGuard implements LeaveGuard {
  mayLeave: boolean = true
  /** Why the instance must not be used again; `undefined` while it is sound. */
  fault: Error | undefined
  /** Whether a call is running whose caller has a promise to wait with. */
  maySuspend: boolean = false
  /** Functions of the host that the guest waits for. */
  waiting: number = 0
  readonly #meter: Meter

  constructor(meter: Meter) {
    this.#meter = meter
  }

  /** Asserts that the guest may call the host now. */
  assertMayLeave(): void {
    if (this.fault !== undefined) throw this.fault
    if (!this.mayLeave) throw new AbiError('the guest called the host while it allocated or cleaned up for it')
  }

  /** Counts what a function of the host has done. */
  spend(movedBytes: number): void {
    if (!this.#meter.spendOnHost(movedBytes)) throw new CpuLimitError(this.#meter.limitMs)
  }

  /** Asserts that the guest may call a function that waits now. */
  assertMayWait(): void {
    this.assertMayLeave()
    if (!this.maySuspend) throw new AbiError('a function that waits was called where the plugin cannot wait')
  }

  /** Stops the clock while the guest waits for the host. */
  beginWait(): void {
    this.waiting++
    this.#meter.pause()
  }

  /** Goes on where the guest waited. @throws whatever has happened to the instance meanwhile. */
  endWait(): void {
    this.waiting--
    this.#meter.resume()
    if (this.fault !== undefined) throw this.fault
  }

  /** Keeps the first failure: later ones follow from it. Answers what the caller is to be told. */
  fail(thrown: unknown): Error {
    this.fault ??= this.#meter.isExpired ? new CpuLimitError(this.#meter.limitMs) : toError(thrown)
    return this.fault
  }

  /** Keeps a failure of the host's side and stops the guest, which must not go on as if nothing had happened. */
  trap(thrown: unknown): never {
    this.fail(thrown)
    this.#meter.stop()
    return trap()
  }
}

function toError(thrown: unknown): Error {
  // The engine's own: in a start function, or with a frame of ours between a component and the one that called it.
  if (thrown instanceof Error && thrown.name === 'SuspendError') {
    return new AbiError('a function that waits was called where the plugin cannot wait', { cause: thrown })
  }
  return thrown instanceof Error ? thrown : new AbiError('an exception left the plugin', { cause: thrown })
}
