import type { ModuleState } from '../instrument/rewrite-module.ts'
import { CallGuard } from './call-guard.ts'
import { CoreSnapshot } from './core-snapshot.ts'
import { liftFunction, liftWaitingFunction, type GuestFunction } from './lift-function.ts'
import { Linker, type LinkerOptions } from './linker.ts'

/** What a component instance is made of. */
export interface ComponentInstanceOptions extends LinkerOptions {
  /** Whether the component imports a function that waits. Its exports then answer promises. */
  readonly isAsync: boolean
}

/** An instance's beginning. */
export interface SavedInstance {
  /** Bytes of memory that a reset copies: what it costs. */
  readonly size: number
  /** Puts the instance back; answers false where it must be replaced instead. */
  restore(): boolean
}

/** One live instance of a component. */
export class ComponentInstance {
  readonly #options: ComponentInstanceOptions
  readonly #guard: CallGuard
  readonly #linker: Linker

  /** @throws whatever went wrong: a trap in a start function, address space that is used up, modules that do not fit. */
  constructor(options: ComponentInstanceOptions) {
    this.#options = options
    this.#guard = new CallGuard(options.meter)
    this.#linker = new Linker(options, this.#guard)
    try {
      this.#linker.link()
    } catch (error) {
      throw this.#guard.fail(error)
    }
    if (this.#guard.fault !== undefined) throw this.#guard.fault
  }

  /** Why the instance must not be used again; `undefined` while it is sound. */
  get fault(): Error | undefined {
    return this.#guard.fault
  }

  /** A function of an exported interface. It answers a promise where the component may wait. */
  export(interfaceName: string, name: string): GuestFunction | undefined {
    const lifted = this.#options.plan.exports.get(interfaceName)?.get(name)
    if (lifted === undefined) return undefined
    return this.#options.isAsync ? liftWaitingFunction(this.#linker, lifted) : liftFunction(this.#linker, lifted)
  }

  /**
   * Remembers the instance as it is, to be put back after each call.
   *
   * @param states of the core modules, in the plan's order.
   * @returns `undefined` where the component has state that cannot be put back.
   */
  save(states: readonly ModuleState[]): SavedInstance | undefined {
    const used = this.#options.plan.steps.map(({ module }) => states[module]!)
    if (used.some(({ isIrreversible }) => isIrreversible)) return undefined
    const savesTables = used.some(({ writesTables }) => writesTables)
    const cores = this.#linker.instances.map((instance, step) => new CoreSnapshot(instance, used[step]!, savesTables))
    const handles = new Map(Array.from(this.#linker.handles, ([owner, table]) => [owner, table.save()]))
    return {
      size: cores.reduce((sum, core) => sum + core.size, 0),
      restore: () => {
        if (this.#guard.fault !== undefined) return false
        for (const [owner, table] of this.#linker.handles) {
          const restore = handles.get(owner)
          if (restore === undefined) table.clear()
          else restore()
        }
        return cores.every((core) => core.restore())
      },
    }
  }
}
