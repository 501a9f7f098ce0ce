/** A component as its bytes spell it: definitions in order, references as indices (Component Model, `Binary.md`). */
export interface ComponentBinary {
  readonly definitions: readonly Definition[]
}

/** Sorts of core definitions that have index spaces. */
export type CoreSort = 'func' | 'table' | 'memory' | 'global' | 'tag' | 'type' | 'module' | 'instance'

/** Sorts of component-level definitions, core modules among them. */
export type Sort = 'core-module' | 'core-other' | 'func' | 'value' | 'type' | 'component' | 'instance'

/** A name with the index of what it stands for. */
export interface NamedIndex<S> {
  readonly name: string
  readonly sort: S
  readonly index: number
}

/** A core instance that an instantiation is handed under a name. */
export interface NamedInstance {
  readonly name: string
  readonly instance: number
}

/** One definition. */
export type Definition =
  | { readonly kind: 'core-module'; readonly bytes: Uint8Array }
  | { readonly kind: 'core-instantiate'; readonly module: number; readonly args: readonly NamedInstance[] }
  | { readonly kind: 'core-bundle'; readonly exports: readonly NamedIndex<CoreSort>[] }
  | { readonly kind: 'component'; readonly component: ComponentBinary }
  | { readonly kind: 'instantiate'; readonly component: number; readonly args: readonly NamedIndex<Sort>[] }
  | { readonly kind: 'bundle'; readonly exports: readonly NamedIndex<Sort>[] }
  | { readonly kind: 'type'; readonly type: TypeDefinition }
  | { readonly kind: 'lift'; readonly coreFunc: number; readonly options: CanonOptions; readonly type: number }
  | { readonly kind: 'lower'; readonly func: number; readonly options: CanonOptions }
  | { readonly kind: 'resource'; readonly operation: ResourceOperation; readonly type: number }
  | { readonly kind: 'import'; readonly name: string; readonly description: ExternDescription }
  | { readonly kind: 'export'; readonly name: string; readonly sort: Sort; readonly index: number }
  | Alias

/** Another name for something that is defined elsewhere. */
export type Alias =
  | { readonly kind: 'alias-export'; readonly sort: Sort; readonly instance: number; readonly name: string }
  | { readonly kind: 'alias-core-export'; readonly sort: CoreSort; readonly instance: number; readonly name: string }
  | { readonly kind: 'alias-outer'; readonly sort: Sort; readonly count: number; readonly index: number }

/** Built-ins on handle tables. */
export type ResourceOperation = 'new' | 'drop' | 'rep'

/** Canonical options of a lift or lower. */
export interface CanonOptions {
  readonly encoding: StringEncoding
  readonly memory: number | undefined
  readonly realloc: number | undefined
  readonly postReturn: number | undefined
}

/** How a component keeps its strings. */
export type StringEncoding = 'utf8' | 'utf16' | 'latin1+utf16'

/** A reference to a value type: a built-in one by its negative code, or an index into the type index space. */
export type TypeRef = number

/** A type definition with unresolved references. */
export type TypeDefinition =
  | { readonly kind: 'primitive'; readonly code: TypeRef }
  | { readonly kind: 'record'; readonly fields: readonly NamedRef[] }
  | { readonly kind: 'variant'; readonly cases: readonly NamedRef<TypeRef | undefined>[] }
  | { readonly kind: 'list' | 'option'; readonly of: TypeRef }
  | { readonly kind: 'tuple'; readonly items: readonly TypeRef[] }
  | { readonly kind: 'flags' | 'enum'; readonly names: readonly string[] }
  | { readonly kind: 'result'; readonly ok: TypeRef | undefined; readonly err: TypeRef | undefined }
  | { readonly kind: 'own' | 'borrow'; readonly resource: number }
  | { readonly kind: 'func'; readonly params: readonly NamedRef[]; readonly result: TypeRef | undefined }
  | { readonly kind: 'instance' | 'component'; readonly declarations: readonly Declaration[] }
  | { readonly kind: 'resource'; readonly destructor: number | undefined }

/** A field, case or parameter. */
export interface NamedRef<T = TypeRef> {
  readonly name: string
  readonly type: T
}

/** One line of an instance or component type. */
export type Declaration =
  | { readonly kind: 'type'; readonly type: TypeDefinition }
  | { readonly kind: 'import' | 'export'; readonly name: string; readonly description: ExternDescription }
  | Exclude<Alias, { kind: 'alias-core-export' }>

/** What stands behind an imported or exported name. */
export type ExternDescription =
  | { readonly sort: 'func' | 'instance' | 'component' | 'core-module'; readonly type: number }
  | {
      readonly sort: 'type'
      /** The type that it is; without one, a resource of its own. */ readonly equals: number | undefined
    }
