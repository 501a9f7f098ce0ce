import { setImmediate as nextTurn } from 'node:timers/promises'

import { PluginExhaustedError, type Logger, type WasmPoolSummary } from 'vane-core'

import type { PluginInstance } from '../instance/plugin-instance.ts'
import type { InstanceBudget } from './instance-budget.ts'
import { runLater, type InstancePool, type PoolOptions } from './instance-pool.ts'

// Idle instances are kept up to this many; a burst of calls that wait may leave more.
const MAX_IDLE = 4
// Some 20 µs of copying. After a reset that took longer, the next one of the instance waits until the request is served.
const MAX_RESET_BYTES_AT_ONCE = 262_144

/** What a {@link StatelessPool} is made of. */
export interface StatelessPoolOptions extends PoolOptions {
  readonly budget: InstanceBudget
  readonly logger: Logger
  /** Instances kept ready for the next calls. */
  readonly spares: number
}

/**
 * Instances that no call can find another's data in: after a call an instance is put back to how it was after initialisation, and
 * one that cannot be is dropped.
 *
 * Spares are made off the request's path, and so are resets that are known to copy much; a call that finds nothing ready does it for itself.
 */
export class StatelessPool implements InstancePool {
  readonly #options: StatelessPoolOptions
  /** Ready for a call. */
  readonly #spares: PluginInstance[] = []
  /** Still as the last call left them. */
  readonly #used: PluginInstance[] = []
  #inUse: number = 0
  #totalAllocations: number = 0
  #failures: number = 0
  #isClosed: boolean = false
  #cancelRefill: (() => void) | undefined

  constructor(options: StatelessPoolOptions) {
    this.#options = options
    options.budget.register(this)
  }

  /** Makes the first instance, which costs the most: code is compiled as it runs. Where that fails a call will try again. */
  async warm(): Promise<void> {
    await nextTurn()
    if (this.#isClosed) return
    if (this.#idleCount + this.#inUse === 0) this.#addSpare()
    this.#refillLater()
  }

  acquire(): PluginInstance {
    const instance = this.#spares.pop() ?? this.#resetUsed() ?? this.#tryCreate(true)
    // Most calls have given their instance back before anything could be made: only a shortage is worth a turn's work.
    if (this.#spares.length * 2 < this.#options.spares) this.#refillLater()
    if (instance === undefined) throw new PluginExhaustedError()
    this.#inUse++
    return instance
  }

  giveBack(instance: PluginInstance): void {
    const isKept = !this.#isClosed && instance.canReset && this.#idleCount < MAX_IDLE
    if (!isKept) return this.discard(instance)
    if (instance.resetBytes > MAX_RESET_BYTES_AT_ONCE) this.#used.push(instance)
    else if (instance.reset()) this.#spares.push(instance)
    else return this.discard(instance)
    this.#inUse--
    this.#refillLater()
  }

  discard(_instance: PluginInstance): void {
    this.#inUse--
    this.#options.budget.releaseStateless()
    this.#refillLater()
  }

  summary(): WasmPoolSummary {
    const { module, exportName } = this.#options
    return {
      kind: 'stateless',
      key: module,
      export: exportName,
      capacity: this.#idleCount + this.#inUse,
      available: this.#idleCount,
      totalAllocations: this.#totalAllocations,
      failures: this.#failures,
    }
  }

  surrender(): boolean {
    if ((this.#used.pop() ?? this.#spares.pop()) === undefined) return false
    this.#options.budget.releaseStateless()
    return true
  }

  close(): void {
    this.#isClosed = true
    this.#cancelRefill?.()
    this.#cancelRefill = undefined
    while (this.surrender());
    this.#options.budget.unregister(this)
  }

  get #idleCount(): number {
    return this.#spares.length + this.#used.length
  }

  /** Instances that are out come back, if they can be used again: only what is missing beyond them is made. */
  get #wantsRefill(): boolean {
    if (this.#isClosed) return false
    return this.#used.length > 0 || this.#spares.length < this.#options.spares
  }

  #refillLater(): void {
    if (!this.#wantsRefill) return
    // One instance a turn; traffic goes in between.
    this.#cancelRefill ??= runLater(() => {
      this.#cancelRefill = undefined
      if (!this.#wantsRefill) return
      // Where it fails, the next call tries again.
      if (this.#addSpare()) this.#refillLater()
    })
  }

  #addSpare(): boolean {
    const instance = this.#resetUsed() ?? this.#tryCreate(false)
    if (instance !== undefined) this.#spares.push(instance)
    return instance !== undefined
  }

  #resetUsed(): PluginInstance | undefined {
    for (;;) {
      const instance = this.#used.pop()
      if (instance === undefined || instance.reset()) return instance
      this.#options.budget.releaseStateless()
    }
  }

  #tryCreate(isUrgent: boolean): PluginInstance | undefined {
    const { budget, create, logger, module, exportName } = this.#options
    if (!budget.takeStateless(isUrgent)) {
      // A spare that finds no room is no failure: nobody asked for it.
      if (isUrgent) this.#failures++
      return undefined
    }
    try {
      const instance = create()
      this.#totalAllocations++
      return instance
    } catch (error) {
      budget.releaseStateless()
      this.#failures++
      logger.warn({ module, export: exportName, err: error }, 'a plugin instance cannot be made')
      return undefined
    }
  }
}
