import type { ResourceOperation, StringEncoding } from '../parse/component-binary.ts'
import type { FunctionType, ResourceType } from './value-type.ts'

/**
 * How a component is put together: which core modules are instantiated in which order, with what, and where its exports
 * are. Made once for each component by reading its definitions; plain data, so that another thread can be handed it.
 */
export interface ComponentPlan {
  readonly steps: readonly InstantiateStep[]
  /** Exported interfaces, by name, then by function. */
  readonly exports: ReadonlyMap<string, ReadonlyMap<string, LiftedFunction>>
  /** Functions of the host that the component can call, by interface, with the types it takes them to have. */
  readonly imports: ReadonlyMap<string, ReadonlyMap<string, FunctionType>>
  /** Destructors of resources that components inside the plugin define, by resource id. */
  readonly destructors: ReadonlyMap<number, CoreReference>
}

/** Instantiates one core module. Its instance's number is the step's. */
export interface InstantiateStep {
  /** Number of the core module. */
  readonly module: number
  readonly args: readonly (readonly [name: string, instance: CoreInstance])[]
}

/** A core instance: one that a step made, or a bundle of loose definitions. */
export type CoreInstance =
  | { readonly kind: 'made'; readonly step: number }
  | { readonly kind: 'bundle'; readonly exports: ReadonlyMap<string, CoreReference> }

/** A core function, memory, table or global. */
export type CoreReference =
  /** An export of the instance that a step made. */
  | { readonly kind: 'export'; readonly step: number; readonly name: string }
  /** A function of the host. */
  | {
      readonly kind: 'host'
      readonly interface: string
      readonly name: string
      readonly type: FunctionType
      readonly abi: Abi
    }
  /** A function of another component inside the plugin. */
  | { readonly kind: 'adapter'; readonly callee: LiftedFunction; readonly abi: Abi }
  /** A built-in on the handle table of a component instance. */
  | {
      readonly kind: 'resource'
      readonly operation: ResourceOperation
      readonly resource: ResourceType
      readonly owner: number
    }

/** A core function seen as a component function. */
export interface LiftedFunction {
  readonly func: CoreReference
  readonly type: FunctionType
  readonly abi: Abi
}

/** How values cross the boundary of one component instance. */
export interface Abi {
  readonly encoding: StringEncoding
  readonly memory: CoreReference | undefined
  readonly realloc: CoreReference | undefined
  readonly postReturn: CoreReference | undefined
  /** Number of the component instance whose handle table is meant. */
  readonly owner: number
}
