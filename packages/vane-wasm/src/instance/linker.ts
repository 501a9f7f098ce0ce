import { AbiError } from '../abi/abi-error.ts'
import type { Side } from '../abi/codec.ts'
import type { Codecs } from '../abi/codecs.ts'
import { GuestMemory } from '../abi/guest-memory.ts'
import { HandleTable, newHandleBudget, type HandleBudget } from '../abi/handle-table.ts'
import { noteMap, type Realloc } from '../abi/placer.ts'
import { STAGE } from '../abi/stage.ts'
import { METER_EXPORTS } from '../instrument/meter-names.ts'
import type { Abi, ComponentPlan, CoreInstance, CoreReference } from '../plan/plan.ts'
import type { CallGuard } from './call-guard.ts'
import type { HostImports } from './host-imports.ts'
import { liftFunction, type GuestFunction } from './lift-function.ts'
import { lowerFunction, lowerWaitingFunction } from './lower-function.ts'
import type { Meter } from './meter.ts'

/** What one instance of a component is linked with. */
export interface LinkerOptions {
  readonly plan: ComponentPlan
  /** Compiled and instrumented core modules, in the plan's order. */
  readonly modules: readonly WebAssembly.Module[]
  readonly host: HostImports
  /** Shared by all instances of the component. */
  readonly codecs: Codecs
  /** With a limit in force: start functions run. */
  readonly meter: Meter
}

/** Carries out a plan: makes the core instances and whatever they are connected with. */
export class Linker {
  readonly guard: CallGuard
  readonly codecs: Codecs
  /** Core instances by step, as far as there are any yet. */
  readonly instances: WebAssembly.Instance[] = []
  /** Resource handles of each component instance, as far as any have been asked for yet. */
  readonly handleTables: HandleTable[] = []
  readonly #handleTables: Map<number, HandleTable> = new Map()
  readonly #handleBudget: HandleBudget = newHandleBudget()
  readonly #options: LinkerOptions

  constructor(options: LinkerOptions, guard: CallGuard) {
    this.#options = options
    this.guard = guard
    this.codecs = options.codecs
  }

  /** Instantiates every core module. Start functions run. */
  link(): void {
    const { plan, modules, meter } = this.#options
    for (const step of plan.steps) {
      const imports = nameless<WebAssembly.ModuleImports>()
      for (const [name, instance] of step.args) imports[name] = this.#toImports(instance)
      const instance = new WebAssembly.Instance(modules[step.module]!, imports)
      this.instances.push(instance)
      noteMap(instance.exports[METER_EXPORTS.memory], instance.exports[METER_EXPORTS.map])
      meter.arm(instance)
    }
  }

  /** The function that a reference stands for. */
  toFunction(reference: CoreReference): WebAssembly.ExportedFunction {
    const func = this.#resolve(reference)
    if (typeof func !== 'function') throw new AbiError('a canonical definition names something that is no function')
    return func as WebAssembly.ExportedFunction
  }

  /** The memory and handles that canonical options name. */
  toSide({ encoding, memory, realloc, owner }: Abi): Side {
    const resolved = memory === undefined ? undefined : this.#resolve(memory)
    if (resolved !== undefined && !(resolved instanceof WebAssembly.Memory)) {
      throw new AbiError('a canonical option names something that is no memory')
    }
    const guest = new GuestMemory({
      encoding,
      memory: resolved,
      realloc: realloc === undefined ? undefined : (this.toFunction(realloc) as Realloc),
      guard: this.guard,
    })
    return { guest, stage: STAGE, handles: this.#handlesOf(owner), owner }
  }

  #toImports(instance: CoreInstance): WebAssembly.ModuleImports {
    if (instance.kind === 'made') return this.instances[instance.step]!.exports
    const imports = nameless<unknown>()
    for (const [name, reference] of instance.exports) imports[name] = this.#resolve(reference)
    return imports
  }

  #resolve(reference: CoreReference): unknown {
    switch (reference.kind) {
      case 'export': {
        const value = this.instances[reference.step]?.exports[reference.name]
        if (value === undefined) throw new AbiError('a core instance lacks an export that the component refers to')
        return value
      }
      case 'host': {
        const { host } = this.#options
        const target = host.find(reference.interface, reference.name)
        const isWaiting = host.isSuspending(reference.interface, reference.name)
        return isWaiting ? lowerWaitingFunction(this, reference, target) : lowerFunction(this, reference, target)
      }
      case 'adapter': {
        const { callee, abi } = reference
        // The callee's exports may not be there yet when its caller is instantiated.
        let func: GuestFunction | undefined
        return lowerFunction(this, { type: callee.type, abi }, (...args: unknown[]) => {
          func ??= liftFunction(this, callee)
          return func(args)
        })
      }
      case 'resource':
        return this.#toBuiltIn(reference)
    }
  }

  #toBuiltIn(reference: Extract<CoreReference, { kind: 'resource' }>): WebAssembly.ExportedFunction {
    const { operation, resource, owner } = reference
    const handles = this.#handlesOf(owner)
    const run = (handle: number): number | undefined => {
      if (operation === 'new') return handles.own(resource.id, handle | 0)
      if (operation === 'rep') return handles.lend(handle >>> 0, resource.id) as number
      const { value, isOwn } = handles.drop(handle >>> 0, resource.id)
      const destructor = isOwn ? this.#options.plan.destructors.get(resource.id) : undefined
      if (destructor !== undefined) this.toFunction(destructor)(value as number)
      return undefined
    }
    return (handle) => {
      try {
        this.guard.assertMayLeave()
        const answer = run(handle as number)
        this.guard.spend(0)
        return answer
      } catch (error) {
        return this.guard.trap(error)
      }
    }
  }

  #handlesOf(owner: number): HandleTable {
    const known = this.#handleTables.get(owner)
    if (known !== undefined) return known
    const table = new HandleTable(this.#handleBudget)
    this.#handleTables.set(owner, table)
    this.handleTables.push(table)
    return table
  }
}

/** An object in which no name means anything yet, `__proto__` included. */
function nameless<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>
}
