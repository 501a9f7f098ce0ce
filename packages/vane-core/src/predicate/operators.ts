import type { PredicateField, FieldType } from './fields.ts'

/** A comparison of the language. */
export interface OperatorSpec {
  readonly types: readonly FieldType[]
  /** The only field it applies to, where the type alone does not say. */
  readonly onlyField?: string
  /** How its operand is written: one value of the field's type, a list of them, a network, any text, or a pattern. */
  readonly operand: 'value' | 'values' | 'cidr' | 'text' | 'path' | 'pattern'
}

/** Every operator of the language. */
export const OPERATORS: Readonly<Record<string, OperatorSpec>> = {
  equals: { types: ['string', 'bytes', 'int', 'ip', 'enum', 'bool'], operand: 'value' },
  not_equals: { types: ['string', 'bytes', 'int', 'ip', 'enum', 'bool'], operand: 'value' },
  in: { types: ['string', 'bytes', 'int', 'ip', 'enum'], operand: 'values' },
  not_in: { types: ['string', 'bytes', 'int', 'ip', 'enum'], operand: 'values' },
  contains: { types: ['string', 'bytes', 'list'], operand: 'text' },
  not_contains: { types: ['string', 'bytes', 'list'], operand: 'text' },
  prefix: { types: ['string', 'bytes'], operand: 'text' },
  suffix: { types: ['string', 'bytes'], operand: 'text' },
  path_prefix: { types: ['string'], onlyField: 'http.uri.path', operand: 'path' },
  matches: { types: ['string'], operand: 'pattern' },
  gt: { types: ['int'], operand: 'value' },
  gte: { types: ['int'], operand: 'value' },
  lt: { types: ['int'], operand: 'value' },
  lte: { types: ['int'], operand: 'value' },
  cidr: { types: ['ip'], operand: 'cidr' },
}

/** Names of the operators a field takes. */
export function operatorsOf(field: PredicateField): string[] {
  return Object.keys(OPERATORS).filter((name) => appliesTo(OPERATORS[name]!, field))
}

/** Whether an operator can be used on a field. */
export function appliesTo(operator: OperatorSpec, field: PredicateField): boolean {
  return operator.types.includes(field.type) && (operator.onlyField === undefined || operator.onlyField === field.path)
}
