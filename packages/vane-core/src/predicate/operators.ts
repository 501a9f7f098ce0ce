import type { PredicateField, FieldType } from './fields.ts'

/** A comparison of the language. */
export interface OperatorSpec {
  readonly types: readonly FieldType[]
  /** The only field it applies to, where the type alone does not say. */
  readonly onlyField?: string
  /** How its operand is written: one value of the field's type, a list of them, a network, any text, or a pattern. */
  readonly operand: 'value' | 'values' | 'cidr' | 'text' | 'path'
  /** Whether this version can evaluate it. */
  readonly isSupported: boolean
}

/** Every operator of the language. */
export const OPERATORS: Readonly<Record<string, OperatorSpec>> = {
  equals: { types: ['string', 'bytes', 'int', 'ip', 'enum', 'bool'], operand: 'value', isSupported: true },
  not_equals: { types: ['string', 'bytes', 'int', 'ip', 'enum', 'bool'], operand: 'value', isSupported: true },
  in: { types: ['string', 'bytes', 'int', 'ip', 'enum'], operand: 'values', isSupported: true },
  not_in: { types: ['string', 'bytes', 'int', 'ip', 'enum'], operand: 'values', isSupported: true },
  contains: { types: ['string', 'bytes', 'list'], operand: 'text', isSupported: true },
  not_contains: { types: ['string', 'bytes', 'list'], operand: 'text', isSupported: false },
  prefix: { types: ['string', 'bytes'], operand: 'text', isSupported: true },
  suffix: { types: ['string', 'bytes'], operand: 'text', isSupported: true },
  path_prefix: { types: ['string'], onlyField: 'http.uri.path', operand: 'path', isSupported: true },
  matches: { types: ['string'], operand: 'text', isSupported: false },
  gt: { types: ['int'], operand: 'value', isSupported: false },
  gte: { types: ['int'], operand: 'value', isSupported: false },
  lt: { types: ['int'], operand: 'value', isSupported: false },
  lte: { types: ['int'], operand: 'value', isSupported: false },
  cidr: { types: ['ip'], operand: 'cidr', isSupported: true },
}

/** Names of the operators a field takes. */
export function operatorsOf(field: PredicateField): string[] {
  return Object.keys(OPERATORS).filter((name) => appliesTo(OPERATORS[name]!, field))
}

/** Whether an operator can be used on a field. */
export function appliesTo(operator: OperatorSpec, field: PredicateField): boolean {
  return operator.types.includes(field.type) && (operator.onlyField === undefined || operator.onlyField === field.path)
}
