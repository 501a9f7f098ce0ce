import { parseIp } from '../policy/ip-address.ts'
import { networkContains, parseCidr } from './ip-network.ts'
import { parsePattern } from './pattern.ts'
import type { FieldPredicate, Predicate } from './types.ts'

/**
 * The value of a field on a connection or request: addresses in RFC 5952 form, bytes as a string with one character for
 * each (see `FieldPredicate.value`), a list of texts.
 */
export type FieldValue = string | number | boolean | readonly string[]

/** Reads a field; `undefined` where it is absent. */
export type ReadField = (path: string) => FieldValue | undefined

/**
 * Whether a predicate holds: the meaning of the language, written to be read rather than fast. What the engine makes of
 * predicates is tested against it.
 */
export function evaluatePredicate(predicate: Predicate, read: ReadField): boolean {
  switch (predicate.op) {
    case 'any_of':
      return predicate.of.some((part) => evaluatePredicate(part, read))
    case 'all_of':
      return predicate.of.every((part) => evaluatePredicate(part, read))
    case 'not':
      return !evaluatePredicate(predicate.of, read)
    default: {
      const actual = read(predicate.field)
      // An absent field misses under every operator, the negative ones too.
      return actual !== undefined && compare(predicate, actual)
    }
  }
}

function compare({ op, value }: FieldPredicate, actual: FieldValue): boolean {
  switch (op) {
    case 'equals':
      return actual === value
    case 'not_equals':
      return actual !== value
    case 'in':
      return listOf(value).some((item) => item === actual)
    case 'not_in':
      return !listOf(value).some((item) => item === actual)
    case 'prefix':
      return String(actual).startsWith(String(value))
    case 'suffix':
      return String(actual).endsWith(String(value))
    case 'contains':
      return contains(actual, String(value))
    case 'not_contains':
      return !contains(actual, String(value))
    case 'matches': {
      const pattern = parsePattern(String(value))
      return 'value' in pattern && pattern.value.test(String(actual))
    }
    case 'gt':
      return Number(actual) > Number(value)
    case 'gte':
      return Number(actual) >= Number(value)
    case 'lt':
      return Number(actual) < Number(value)
    case 'lte':
      return Number(actual) <= Number(value)
    case 'path_prefix': {
      const prefix = String(value)
      const path = String(actual)
      return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
    }
    case 'cidr': {
      const network = parseCidr(String(value))
      const address = parseIp(String(actual))
      return network !== undefined && address !== undefined && networkContains(network, address)
    }
  }
}

/** An element of a list, or a part of a text. */
function contains(actual: FieldValue, part: string): boolean {
  return typeof actual === 'object' ? actual.includes(part) : String(actual).includes(part)
}

function listOf(value: FieldPredicate['value']): readonly (string | number | boolean)[] {
  return typeof value === 'object' ? value : [value]
}
