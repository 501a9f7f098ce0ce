import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { ComponentBinary, CoreSort, Sort } from '../parse/component-binary.ts'
import type { CoreInstance, CoreReference, LiftedFunction } from './plan.ts'
import type { TypeEntry } from './resolve-types.ts'
import type { FunctionType, ResourceType } from './value-type.ts'

/** A component with the scope that its outer references are seen from. */
export interface ComponentEntry {
  readonly binary: ComponentBinary
  readonly scope: Scope | undefined
}

/** A component instance: what its names stand for. */
export interface InstanceEntry {
  readonly exports: ReadonlyMap<string, Item>
}

/** A component-level function. */
export type FunctionEntry =
  | { readonly kind: 'host'; readonly interface: string; readonly name: string; readonly type: FunctionType }
  | ({ readonly kind: 'lifted' } & LiftedFunction)

/** Anything that a component-level name can stand for. */
export type Item =
  | { readonly sort: 'func'; readonly func: FunctionEntry }
  | { readonly sort: 'type'; readonly type: TypeEntry }
  | { readonly sort: 'instance'; readonly instance: InstanceEntry }
  | { readonly sort: 'component'; readonly component: ComponentEntry }
  | { readonly sort: 'core-module'; readonly module: number }

/** The index spaces of one component, or of one instance type. */
export class Scope {
  readonly parent: Scope | undefined
  readonly coreModules: IndexSpace<number> = new IndexSpace('core module')
  readonly coreInstances: IndexSpace<CoreInstance> = new IndexSpace('core instance')
  readonly components: IndexSpace<ComponentEntry> = new IndexSpace('component')
  readonly instances: IndexSpace<InstanceEntry> = new IndexSpace('instance')
  readonly functions: IndexSpace<FunctionEntry> = new IndexSpace('function')
  readonly types: IndexSpace<TypeEntry> = new IndexSpace('type')
  readonly #core: Map<CoreSort, IndexSpace<CoreReference>> = new Map()

  constructor(parent: Scope | undefined) {
    this.parent = parent
  }

  /** Index space of core functions, tables, memories, globals or tags. */
  core(sort: CoreSort): IndexSpace<CoreReference> {
    const known = this.#core.get(sort)
    if (known !== undefined) return known
    if (sort === 'type' || sort === 'module' || sort === 'instance') {
      throw new UnsupportedError(`a core ${sort} among core definitions`)
    }
    const space = new IndexSpace<CoreReference>(`core ${sort}`)
    this.#core.set(sort, space)
    return space
  }

  functionType(index: number): FunctionType {
    const entry = this.types.at(index)
    if (entry.kind !== 'func') throw new BinaryFormatError(`type ${index} is no function type`)
    return entry.type
  }

  resource(index: number): ResourceType {
    const entry = this.types.at(index)
    if (entry.kind !== 'resource') throw new BinaryFormatError(`type ${index} is no resource`)
    return entry.resource
  }

  item(sort: Sort, index: number): Item {
    switch (sort) {
      case 'func':
        return { sort, func: this.functions.at(index) }
      case 'type':
        return { sort, type: this.types.at(index) }
      case 'instance':
        return { sort, instance: this.instances.at(index) }
      case 'component':
        return { sort, component: this.components.at(index) }
      case 'core-module':
        return { sort, module: this.coreModules.at(index) }
      default:
        throw new UnsupportedError(`a definition of sort ${sort}`)
    }
  }

  /** Gives an item the next index of its sort. */
  add(item: Item): void {
    switch (item.sort) {
      case 'func':
        return this.functions.add(item.func)
      case 'type':
        return this.types.add(item.type)
      case 'instance':
        return this.instances.add(item.instance)
      case 'component':
        return this.components.add(item.component)
      case 'core-module':
        return this.coreModules.add(item.module)
    }
  }

  /** The scope `count` levels out. */
  outer(count: number): Scope {
    if (count === 0) return this
    if (this.parent === undefined) throw new BinaryFormatError('an alias leads further out than there is anything')
    return this.parent.outer(count - 1)
  }
}

/** Entries in the order of their definition. */
class IndexSpace<T> {
  readonly #what: string
  readonly #entries: T[] = []

  /** @param what for messages. */
  constructor(what: string) {
    this.#what = what
  }

  add(entry: T): void {
    this.#entries.push(entry)
  }

  /** @throws BinaryFormatError for an index that is not defined yet. */
  at(index: number): T {
    const entry = this.#entries[index]
    if (entry === undefined) throw new BinaryFormatError(`there is no ${this.#what} ${index}`)
    return entry
  }
}
