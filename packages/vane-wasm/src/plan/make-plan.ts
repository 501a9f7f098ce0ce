import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import { isMeterName } from '../instrument/meter-names.ts'
import type {
  CanonOptions,
  ComponentBinary,
  CoreSort,
  Definition,
  ExternDescription,
} from '../parse/component-binary.ts'
import { declareInstance } from './declare-instance.ts'
import type { Abi, ComponentPlan, CoreInstance, CoreReference, InstantiateStep, LiftedFunction } from './plan.ts'
import { PlanBudget } from './plan-budget.ts'
import { ReferenceDepths } from './reference-depths.ts'
import { resolveType } from './resolve-types.ts'
import { Scope, type ComponentEntry, type InstanceEntry, type Item } from './scope.ts'
import type { FunctionType } from './value-type.ts'

/** A plan with the core modules that its steps count. */
export interface PlannedComponent {
  readonly plan: ComponentPlan
  /** Views of the component's bytes. */
  readonly coreModules: readonly Uint8Array[]
  /** Exports of core instances that the plan refers to. Whether there are such can be told only from the core modules. */
  readonly coreExports: readonly CoreExport[]
}

/** An export that a core instance must have. */
export interface CoreExport {
  readonly step: number
  readonly sort: CoreSort
  readonly name: string
}

/**
 * Reads a component's definitions and works out its plan.
 *
 * @throws BinaryFormatError for references that lead nowhere and for what is not supported.
 */
export function makePlan(component: ComponentBinary): PlannedComponent {
  const planner = new Planner()
  const root = planner.instantiate({ binary: component, scope: undefined }, undefined)
  const { coreModules, coreExports, steps, imports, destructors } = planner
  return { plan: { steps, exports: toExports(root), imports, destructors }, coreModules, coreExports }
}

function toExports(root: InstanceEntry): ComponentPlan['exports'] {
  const exports = new Map<string, Map<string, LiftedFunction>>()
  for (const [name, item] of root.exports) {
    if (item.sort !== 'instance') continue
    const functions = new Map<string, LiftedFunction>()
    for (const [functionName, member] of item.instance.exports) {
      if (member.sort === 'func' && member.func.kind === 'lifted') functions.set(functionName, member.func)
    }
    exports.set(name, functions)
  }
  return exports
}

interface Into {
  readonly scope: Scope
  /** Number of the component instance. */
  readonly owner: number
  readonly args: ReadonlyMap<string, Item> | undefined
  readonly exports: Map<string, Item>
}

class Planner {
  readonly coreModules: Uint8Array[] = []
  readonly coreExports: CoreExport[] = []
  readonly steps: InstantiateStep[] = []
  readonly imports: Map<string, Map<string, FunctionType>> = new Map()
  readonly destructors: Map<number, CoreReference> = new Map()
  readonly #moduleNumbers: Map<Uint8Array, number> = new Map()
  readonly #budget: PlanBudget = new PlanBudget()
  readonly #depths: ReferenceDepths = new ReferenceDepths()

  /** @param args `undefined` for the outermost component, whose imports are the host's. */
  instantiate(component: ComponentEntry, args: ReadonlyMap<string, Item> | undefined): InstanceEntry {
    const owner = this.#budget.newComponentInstance()
    const into: Into = { scope: new Scope(component.scope), owner, args, exports: new Map() }
    for (const definition of component.binary.definitions) {
      this.#budget.spend(1)
      this.#define(definition, into)
    }
    return { exports: into.exports }
  }

  #define(definition: Definition, into: Into): void {
    const { scope } = into
    switch (definition.kind) {
      case 'core-module':
        return scope.coreModules.add(this.#moduleNumber(definition.bytes))
      case 'core-instantiate':
        return scope.coreInstances.add(this.#instantiateCore(definition, scope))
      case 'core-bundle':
        this.#budget.spend(definition.exports.length)
        return scope.coreInstances.add({
          kind: 'bundle',
          exports: new Map(definition.exports.map(({ name, sort, index }) => [name, scope.core(sort).at(index)])),
        })
      case 'component':
        return scope.components.add({ binary: definition.component, scope })
      case 'instantiate':
        return scope.instances.add(
          this.instantiate(scope.components.at(definition.component), this.#toItems(definition.args, scope)),
        )
      case 'bundle':
        return scope.instances.add({ exports: this.#toItems(definition.exports, scope) })
      case 'alias-export':
        return scope.add(itemOf(scope.instances.at(definition.instance), definition))
      case 'alias-core-export':
        return scope.core(definition.sort).add(this.#coreExport(definition, scope))
      case 'alias-outer':
        return scope.add(scope.outer(definition.count).item(definition.sort, definition.index))
      case 'type':
        return this.#defineType(definition, into)
      case 'lift':
      case 'lower':
      case 'resource':
        return this.#defineCanon(definition, into)
      case 'import':
        return scope.add(this.#import(definition.name, definition.description, into))
      case 'export': {
        const item = scope.item(definition.sort, definition.index)
        into.exports.set(definition.name, item)
        return scope.add(item)
      }
    }
  }

  #defineType(definition: Extract<Definition, { kind: 'type' }>, { scope, owner }: Into): void {
    if (definition.type.kind !== 'resource') return scope.types.add(resolveType(definition.type, scope))
    const id = this.#budget.newResource()
    const { destructor } = definition.type
    if (destructor !== undefined) this.destructors.set(id, scope.core('func').at(destructor))
    scope.types.add({ kind: 'resource', resource: { id, owner } })
  }

  #defineCanon(definition: Extract<Definition, { kind: 'lift' | 'lower' | 'resource' }>, into: Into): void {
    const { scope, owner } = into
    switch (definition.kind) {
      case 'lift': {
        const func = scope.core('func').at(definition.coreFunc)
        const type = scope.functionType(definition.type)
        return scope.functions.add({ kind: 'lifted', func, type, abi: toAbi(definition.options, into) })
      }
      case 'lower': {
        const func = scope.functions.at(definition.func)
        const abi = toAbi(definition.options, into)
        const lowered: CoreReference =
          func.kind === 'lifted'
            ? { kind: 'adapter', callee: func, abi }
            : { kind: 'host', interface: func.interface, name: func.name, type: func.type, abi }
        this.#depths.assertBounded(lowered)
        return scope.core('func').add(lowered)
      }
      case 'resource': {
        const resource = scope.resource(definition.type)
        const { operation } = definition
        if (operation !== 'drop' && resource.owner !== owner) {
          throw new BinaryFormatError(`resource.${operation} of a resource that another component defines`)
        }
        return scope.core('func').add({ kind: 'resource', operation, resource, owner })
      }
    }
  }

  #moduleNumber(bytes: Uint8Array): number {
    const known = this.#moduleNumbers.get(bytes)
    if (known !== undefined) return known
    this.#moduleNumbers.set(bytes, this.coreModules.length)
    return this.coreModules.push(bytes) - 1
  }

  #instantiateCore(definition: Extract<Definition, { kind: 'core-instantiate' }>, scope: Scope): CoreInstance {
    this.#budget.spend(definition.args.length)
    const step = this.#budget.newStep()
    const args = definition.args.map(({ name, instance }) => [name, scope.coreInstances.at(instance)] as const)
    this.steps.push({ module: scope.coreModules.at(definition.module), args })
    return { kind: 'made', step }
  }

  #coreExport(
    { instance, sort, name }: Extract<Definition, { kind: 'alias-core-export' }>,
    scope: Scope,
  ): CoreReference {
    // What the instrumenter adds is for the host alone; a module cannot import it, and a component must not pass it on.
    if (isMeterName(name)) throw new UnsupportedError('a name that is reserved for metering')
    const from = scope.coreInstances.at(instance)
    if (from.kind === 'made') {
      this.coreExports.push({ step: from.step, sort, name })
      return { kind: 'export', step: from.step, name }
    }
    const found = from.exports.get(name)
    if (found === undefined)
      throw new BinaryFormatError('a core instance has no export of the name that an alias gives')
    return found
  }

  #toItems(entries: Extract<Definition, { kind: 'bundle' }>['exports'], scope: Scope): Map<string, Item> {
    this.#budget.spend(entries.length)
    return new Map(entries.map(({ name, sort, index }) => [name, scope.item(sort, index)]))
  }

  #import(name: string, description: ExternDescription, { args, scope }: Into): Item {
    if (args === undefined) return this.#importFromHost(name, description, scope)
    const item = args.get(name)
    if (item === undefined) throw new BinaryFormatError('a component inside is not given what it imports')
    if (item.sort !== description.sort)
      throw new BinaryFormatError('a component inside is given another sort than it imports')
    return item
  }

  #importFromHost(name: string, description: ExternDescription, scope: Scope): Item {
    if (description.sort === 'instance') {
      const declared = scope.types.at(description.type)
      if (declared.kind !== 'instance') throw new BinaryFormatError('an imported interface without an instance type')
      const instance = declareInstance(declared, name, this.#budget)
      this.#noteImports(name, instance)
      return { sort: 'instance', instance }
    }
    if (description.sort === 'type' && description.equals !== undefined) {
      return { sort: 'type', type: scope.types.at(description.equals) }
    }
    throw new UnsupportedError(`an import that is a ${description.sort}`)
  }

  #noteImports(name: string, instance: InstanceEntry): void {
    const functions = this.imports.get(name) ?? new Map<string, FunctionType>()
    this.imports.set(name, functions)
    for (const [member, item] of instance.exports) if (item.sort === 'func') functions.set(member, item.func.type)
  }
}

function itemOf(instance: InstanceEntry, { name, sort }: Extract<Definition, { kind: 'alias-export' }>): Item {
  const item = instance.exports.get(name)
  if (item?.sort !== sort) throw new BinaryFormatError(`an instance has no ${sort} of the name an alias gives`)
  return item
}

function toAbi(options: CanonOptions, { scope, owner }: Into): Abi {
  const core = (sort: 'memory' | 'func', index: number | undefined): CoreReference | undefined =>
    index === undefined ? undefined : scope.core(sort).at(index)
  return {
    encoding: options.encoding,
    memory: core('memory', options.memory),
    realloc: core('func', options.realloc),
    postReturn: core('func', options.postReturn),
    owner,
  }
}
