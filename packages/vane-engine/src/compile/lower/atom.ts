import {
  evaluatePredicate,
  parsePattern,
  type FieldPredicate,
  type FieldType,
  type FieldValue,
  type PredicateValue,
} from 'vane-core'

/** Comparisons whose values lie in each other or apart, never across: what a tree can look up. */
export type NestKind = 'prefix' | 'path_prefix' | 'suffix' | 'cidr'

/** Nests that one tree can hold together; each also holds single values. */
export type Family = 'prefix' | 'suffix' | 'cidr'

/**
 * A comparison that formulas are made of. All atoms are positive: an absent field makes each of them false. Negative
 * operators are formulas, "present and not".
 */
export interface Atom {
  readonly id: number
  readonly field: string
  readonly type: FieldType
  /** Of the field: index into `INSPECTION_LEVELS`. */
  readonly level: number
  readonly predicate: FieldPredicate
  /** The values of an `equals` or `in`. */
  readonly values: readonly Scalar[] | undefined
  /** The nest it is, if it is one. */
  readonly nest: { readonly family: Family; readonly kind: NestKind; readonly text: string } | undefined
  /** Whether a dispatch can decide it by a look-up. */
  readonly isIndexed: boolean
  /** Whether it only asks for the field to be there. */
  readonly isPresence: boolean
  /** Of a `matches`, once a value has been asked of it. */
  pattern: ReturnType<typeof parsePattern> | undefined
}

/** What a single value can be. */
export type Scalar = string | number | boolean

/** Types whose single values are worth a hash table. A body is not, nor are the two values of a truth. */
const INDEXED_TYPES: ReadonlySet<FieldType> = new Set<FieldType>(['string', 'enum', 'int', 'ip'])

const FAMILIES: Readonly<Record<NestKind, Family>> = {
  prefix: 'prefix',
  path_prefix: 'prefix',
  suffix: 'suffix',
  cidr: 'cidr',
}

/** What {@link toAtom} must know of a comparison besides itself. */
export interface AtomContext {
  readonly id: number
  readonly type: FieldType
  readonly level: number
}

/** Makes the atom of a positive comparison. */
export function toAtom(predicate: FieldPredicate, { id, type, level }: AtomContext): Atom {
  const { op, field, value } = predicate
  const values = op === 'equals' || op === 'in' ? scalarsOf(value) : undefined
  const kind = op === 'prefix' || op === 'path_prefix' || op === 'suffix' || op === 'cidr' ? op : undefined
  const nest = kind === undefined ? undefined : { family: FAMILIES[kind], kind, text: String(value) }
  return {
    id,
    field,
    type,
    level,
    predicate,
    values,
    nest,
    isIndexed: INDEXED_TYPES.has(type) && (values !== undefined || (nest !== undefined && nest.text !== '')),
    isPresence: isPresence(predicate),
    pattern: undefined,
  }
}

/** The comparison that holds for every value of a field: the empty prefix of a text, "none of these" with no values. */
export function presenceOf(field: string, type: FieldType): FieldPredicate {
  return type === 'string' || type === 'bytes' ? { op: 'prefix', field, value: '' } : { op: 'not_in', field, value: [] }
}

/** Whether an atom holds for a value that is there. */
export function holdsFor(atom: Atom, value: FieldValue): boolean {
  if (atom.predicate.op !== 'matches') return evaluatePredicate(atom.predicate, () => value)
  // Compiled once for all the values that are asked of it.
  atom.pattern ??= parsePattern(String(atom.predicate.value))
  return 'value' in atom.pattern && atom.pattern.value.test(String(value))
}

/** Whether a comparison holds for every value. */
export function isPresence({ op, value }: FieldPredicate): boolean {
  return (op === 'prefix' && value === '') || (op === 'not_in' && typeof value === 'object' && value.length === 0)
}

function scalarsOf(value: PredicateValue): readonly Scalar[] {
  return typeof value === 'object' ? value : [value]
}
