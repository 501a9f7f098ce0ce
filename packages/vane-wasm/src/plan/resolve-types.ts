import { BinaryFormatError } from '../binary/binary-format-error.ts'
import { UnsupportedError } from '../binary/unsupported-error.ts'
import type { Declaration, NamedRef, TypeDefinition, TypeRef } from '../parse/component-binary.ts'
import { assertCaseNames, assertFieldNames } from './names.ts'
import type { Scope } from './scope.ts'
import type { FunctionType, NamedType, PrimitiveKind, ResourceType, ValueType } from './value-type.ts'

/** Values inside values: deeper than any interface, shallow enough for every recursive walk over a type. */
const MAX_DEPTH = 32

/** Types written out in full: a type of two fields that are each of two fields, and so on, doubles with each definition. */
const MAX_NODES = 10_000

const MAX_FLAGS = 32

/** An entry of a type index space. */
export type TypeEntry =
  | { readonly kind: 'value'; readonly type: ValueType; readonly extent: Extent }
  | { readonly kind: 'func'; readonly type: FunctionType }
  | { readonly kind: 'resource'; readonly resource: ResourceType }
  | { readonly kind: 'instance'; readonly declarations: readonly Declaration[]; readonly scope: Scope }
  | { readonly kind: 'component' }

/** How far a type goes when it is written out in full. */
export interface Extent {
  readonly depth: number
  readonly nodes: number
}

/** By their code in the binary, counted down from -1. */
const PRIMITIVES: readonly ValueType[] = (
  ['bool', 's8', 'u8', 's16', 'u16', 's32', 'u32', 's64', 'u64', 'f32', 'f64', 'char', 'string'] as PrimitiveKind[]
).map((kind) => ({ kind }))

/**
 * Resolves a type definition other than a resource's.
 *
 * @throws BinaryFormatError
 */
export function resolveType(definition: TypeDefinition, scope: Scope): TypeEntry {
  switch (definition.kind) {
    case 'func': {
      const resolver = new Resolver(scope)
      const type = { params: resolver.named(definition.params), result: resolver.optional(definition.result) }
      resolver.assertBounds()
      return { kind: 'func', type }
    }
    case 'instance':
      return { kind: 'instance', declarations: definition.declarations, scope }
    case 'component':
      return { kind: 'component' }
    case 'resource':
      throw new UnsupportedError('a resource defined in an interface')
    default: {
      const resolver = new Resolver(scope)
      const type = resolver.value(definition)
      resolver.assertBounds()
      return { kind: 'value', type, extent: resolver }
    }
  }
}

class Resolver implements Extent {
  depth = 1
  nodes = 1
  readonly #scope: Scope

  constructor(scope: Scope) {
    this.#scope = scope
  }

  assertBounds(): void {
    if (this.depth > MAX_DEPTH) throw new UnsupportedError(`a type nested more than ${MAX_DEPTH} deep`)
    if (this.nodes > MAX_NODES) throw new UnsupportedError(`a type of more than ${MAX_NODES} parts`)
  }

  value(definition: Exclude<TypeDefinition, { kind: 'func' | 'instance' | 'component' | 'resource' }>): ValueType {
    switch (definition.kind) {
      case 'primitive':
        return this.#ref(definition.code)
      case 'record':
        assertFieldNames(definition.fields.map(({ name }) => name))
        return { kind: 'record', fields: this.named(definition.fields) }
      case 'variant':
        assertCaseNames(definition.cases.map(({ name }) => name))
        return {
          kind: 'variant',
          cases: definition.cases.map(({ name, type }) => ({ name, type: this.optional(type) })),
        }
      case 'tuple':
        if (definition.items.length === 0) throw new BinaryFormatError('an empty tuple')
        return { kind: 'tuple', items: definition.items.map((item) => this.#ref(item)) }
      case 'list':
      case 'option':
        return { kind: definition.kind, of: this.#ref(definition.of) }
      case 'flags':
        if (definition.names.length > MAX_FLAGS) throw new UnsupportedError(`more than ${MAX_FLAGS} flags`)
        assertFieldNames(definition.names)
        return { kind: 'flags', names: definition.names }
      case 'enum':
        assertCaseNames(definition.names)
        return { kind: 'enum', names: definition.names }
      case 'result':
        return { kind: 'result', ok: this.optional(definition.ok), err: this.optional(definition.err) }
      case 'own':
      case 'borrow':
        return { kind: definition.kind, resource: this.#scope.resource(definition.resource) }
    }
  }

  named(entries: readonly NamedRef[]): NamedType[] {
    return entries.map(({ name, type }) => ({ name, type: this.#ref(type) }))
  }

  optional(ref: TypeRef | undefined): ValueType | undefined {
    this.nodes++
    return ref === undefined ? undefined : this.#ref(ref)
  }

  #ref(ref: TypeRef): ValueType {
    this.nodes++
    if (ref < 0) {
      const primitive = PRIMITIVES[-ref - 1]
      if (primitive === undefined) throw new BinaryFormatError(`unknown primitive type ${ref}`)
      return primitive
    }
    const entry = this.#scope.types.at(ref)
    if (entry.kind !== 'value') throw new BinaryFormatError(`type ${ref} is no value type`)
    this.depth = Math.max(this.depth, entry.extent.depth + 1)
    this.nodes += entry.extent.nodes
    return entry.type
  }
}
