import { FLAT } from '../abi/stage.ts'
import { METER_EXPORTS } from '../instrument/meter-names.ts'
import type { ModuleState } from '../instrument/rewrite-module.ts'
import { CallGuard } from './call-guard.ts'
import { CoreSnapshot, ForeignMarks } from './core-snapshot.ts'
import { liftFunction, liftWaitingFunction, type GuestFunction } from './lift-function.ts'
import { Linker, type LinkerOptions } from './linker.ts'

/** What a component instance is made of. */
export interface ComponentInstanceOptions extends LinkerOptions {
  /** Whether the component imports a function that waits. Its exports then answer promises. */
  readonly isAsync: boolean
}

/** An instance's beginning. */
export interface SavedInstance {
  /** Puts the instance back; answers how many bytes of memory it copied for that, or −1 where the instance must be replaced. */
  restore(): number
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
   * Has the guest allocate a byte, as for the arguments of a function: many an allocator takes memory from the engine when it is
   * first asked for any, and only then. A failure is the instance's fault.
   */
  warmAllocator(interfaceName: string, name: string): void {
    const abi = this.#options.plan.exports.get(interfaceName)?.get(name)?.abi
    if (abi?.realloc === undefined) return
    try {
      const { guest, stage } = this.#linker.toSide(abi)
      stage.begin()
      stage.allocate(1, 1, { length: 1, target: FLAT })
      guest.place(stage, [])
    } catch (error) {
      throw this.#guard.fail(error)
    }
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
    const { instances, handleTables } = this.#linker
    const cores = instances.map((instance, step) => new CoreSnapshot(instance, used[step]!, savesTables))
    const foreign = findForeignMarks(instances, used)
    if (foreign === undefined || !cores.every(({ isComplete }) => isComplete)) return undefined
    for (const table of handleTables) table.save()
    return {
      restore: () => {
        if (this.#guard.fault !== undefined) return -1
        for (let i = 0; i < handleTables.length; i++) handleTables[i]!.restore()
        for (let i = 0; i < foreign.length; i++) foreign[i]!.move()
        let copied = 0
        for (let i = 0; i < cores.length; i++) {
          const bytes = cores[i]!.restore()
          if (bytes < 0) return -1
          copied += bytes
        }
        return copied
      },
    }
  }
}

/** Finds whose memories core instances write to that have none of their own; `undefined` where that cannot be told. */
function findForeignMarks(
  instances: readonly WebAssembly.Instance[],
  states: readonly ModuleState[],
): ForeignMarks[] | undefined {
  const owners = new Map<unknown, WebAssembly.Instance>()
  for (const [step, instance] of instances.entries()) {
    if (states[step]!.ownsMemory) owners.set(instance.exports[METER_EXPORTS.memory], instance)
  }
  const found: ForeignMarks[] = []
  for (const [step, instance] of instances.entries()) {
    const { hasMap, ownsMemory } = states[step]!
    if (!hasMap || ownsMemory) continue
    const owner = owners.get(instance.exports[METER_EXPORTS.memory])
    if (owner === undefined) return undefined
    found.push(new ForeignMarks(instance, owner))
  }
  return found
}
