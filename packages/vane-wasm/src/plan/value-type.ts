/** A component-level value type with all references resolved. Plain data, shared where the component shares it. */
export type ValueType =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: 'record'; readonly fields: readonly NamedType[] }
  | { readonly kind: 'tuple'; readonly items: readonly ValueType[] }
  | { readonly kind: 'variant'; readonly cases: readonly NamedType<ValueType | undefined>[] }
  | { readonly kind: 'enum'; readonly names: readonly string[] }
  | { readonly kind: 'flags'; readonly names: readonly string[] }
  | { readonly kind: 'list'; readonly of: ValueType }
  | { readonly kind: 'option'; readonly of: ValueType }
  | { readonly kind: 'result'; readonly ok: ValueType | undefined; readonly err: ValueType | undefined }
  | { readonly kind: 'own' | 'borrow'; readonly resource: ResourceType }

/** Types that stand for themselves. */
export type PrimitiveKind =
  | 'bool'
  | 's8'
  | 'u8'
  | 's16'
  | 'u16'
  | 's32'
  | 'u32'
  | 's64'
  | 'u64'
  | 'f32'
  | 'f64'
  | 'char'
  | 'string'

/** A field, case or parameter. */
export interface NamedType<T = ValueType> {
  readonly name: string
  readonly type: T
}

/** A resource, told apart by its id. */
export interface ResourceType {
  readonly id: number
  /** Number of the component instance inside the plugin that defines it; `undefined` for a resource of the host's. */
  readonly owner: number | undefined
}

/** A component-level function's type. */
export interface FunctionType {
  readonly params: readonly NamedType[]
  readonly result: ValueType | undefined
}
