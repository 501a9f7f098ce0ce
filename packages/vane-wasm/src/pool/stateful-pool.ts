import { setImmediate as nextTurn } from 'node:timers/promises'

import { PluginExhaustedError, VaneError, type WasmPoolSummary } from 'vane-core'

import type { PluginInstance } from '../instance/plugin-instance.ts'
import type { InstanceBudget } from './instance-budget.ts'
import { runLater, type InstancePool, type PoolOptions } from './instance-pool.ts'

/** What a {@link StatefulPool} is made of. */
export interface StatefulPoolOptions extends PoolOptions {
  readonly budget: InstanceBudget
  /** Instances of the pool, made before the first call. */
  readonly size: number
}

/** A fixed number of instances of one call site that keep their state from call to call. There is no queue. */
export class StatefulPool implements InstancePool {
  readonly #options: StatefulPoolOptions
  readonly #idle: PluginInstance[] = []
  #inUse: number = 0
  #totalAllocations: number = 0
  #failures: number = 0
  #isClosed: boolean = false
  #cancelReplacement: (() => void) | undefined

  constructor(options: StatefulPoolOptions) {
    this.#options = options
  }

  async warm(): Promise<void> {
    while (this.#missing > 0) {
      const error = this.#tryCreate()
      if (error !== undefined) {
        this.close()
        throw error
      }
      // One instance a turn, so that making them all never holds up anybody's traffic.
      await nextTurn()
    }
  }

  acquire(): PluginInstance {
    const instance = this.#idle.pop()
    if (instance === undefined) {
      this.#failures++
      this.#replaceLater()
      throw new PluginExhaustedError()
    }
    this.#inUse++
    return instance
  }

  giveBack(instance: PluginInstance): void {
    this.#inUse--
    if (this.#isClosed) this.#options.budget.releaseStateful()
    else this.#idle.push(instance)
  }

  discard(_instance: PluginInstance): void {
    this.#inUse--
    this.#options.budget.releaseStateful()
    this.#replaceLater()
  }

  summary(): WasmPoolSummary {
    const { module, exportName } = this.#options
    return {
      kind: 'stateful',
      key: module,
      export: exportName,
      capacity: this.#idle.length + this.#inUse,
      available: this.#idle.length,
      totalAllocations: this.#totalAllocations,
      failures: this.#failures,
    }
  }

  close(): void {
    this.#isClosed = true
    this.#cancelReplacement?.()
    this.#cancelReplacement = undefined
    for (const _ of this.#idle.splice(0)) this.#options.budget.releaseStateful()
  }

  get #missing(): number {
    return this.#isClosed ? 0 : this.#options.size - this.#idle.length - this.#inUse
  }

  #replaceLater(): void {
    if (this.#missing <= 0) return
    this.#cancelReplacement ??= runLater(() => {
      this.#cancelReplacement = undefined
      // Where it fails, the next call that finds no instance tries again.
      if (this.#missing > 0 && this.#tryCreate() === undefined) this.#replaceLater()
    })
  }

  #tryCreate(): VaneError | undefined {
    const { budget, create, module, exportName } = this.#options
    if (!budget.takeStateful()) {
      return new VaneError(
        { kind: 'resource', reason: 'wasm-pool' },
        `${module}: export ${exportName}: no room for another plugin instance`,
      )
    }
    try {
      this.#idle.push(create())
      this.#totalAllocations++
      return undefined
    } catch (error) {
      budget.releaseStateful()
      const message = `${module}: export ${exportName}: a plugin instance cannot be made`
      return new VaneError({ kind: 'resource', reason: 'wasm-pool' }, message, { cause: error })
    }
  }
}
