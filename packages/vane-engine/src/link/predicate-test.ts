import { type FieldPredicate, type HttpRequest, networkContains, parseCidr, parseIp, parsePattern } from 'vane-core'
import type { Connection } from '../listen/connection.ts'
import { createBodyTest } from './body-test.ts'
import {
  createAddressReader,
  createFieldReader,
  createFlagReader,
  createListReader,
  type FieldReader,
  type FlagReader,
  type ListReader,
} from './field-reader.ts'

/** One comparison, ready to run: its operand is parsed, its field is known. */
export type PredicateTest = (connection: Connection, request: HttpRequest | undefined) => boolean

/**
 * Makes a comparison ready to run. An absent field misses, under the negative operators too.
 *
 * @returns `undefined` where this version cannot read the field or compare so.
 */
export function createPredicateTest(predicate: FieldPredicate): PredicateTest | undefined {
  if (predicate.field === 'http.body') return createBodyTest(predicate)
  const flag = createFlagReader(predicate.field)
  if (flag !== undefined) return createFlagTest(flag, predicate)
  const list = createListReader(predicate.field)
  if (list !== undefined) return createListTest(list, predicate)
  const read = createFieldReader(predicate.field)
  if (read === undefined) return undefined
  const { op, value } = predicate
  switch (op) {
    case 'equals':
      return (connection, request) => read(connection, request) === value
    case 'not_equals':
      return (connection, request) => {
        const actual = read(connection, request)
        return actual !== undefined && actual !== value
      }
    case 'in': {
      const members = toMembers(value)
      return (connection, request) => members.has(read(connection, request))
    }
    case 'not_in': {
      const members = toMembers(value)
      return (connection, request) => {
        const actual = read(connection, request)
        return actual !== undefined && !members.has(actual)
      }
    }
    case 'prefix':
      return onText(read, (actual) => actual.startsWith(String(value)))
    case 'suffix':
      return onText(read, (actual) => actual.endsWith(String(value)))
    case 'contains':
      return onText(read, (actual) => actual.includes(String(value)))
    case 'not_contains':
      return onText(read, (actual) => !actual.includes(String(value)))
    case 'gt':
      return onNumber(read, (actual) => actual > Number(value))
    case 'gte':
      return onNumber(read, (actual) => actual >= Number(value))
    case 'lt':
      return onNumber(read, (actual) => actual < Number(value))
    case 'lte':
      return onNumber(read, (actual) => actual <= Number(value))
    case 'matches': {
      const pattern = parsePattern(String(value))
      return 'value' in pattern ? onText(read, (actual) => pattern.value.test(actual)) : undefined
    }
    case 'path_prefix': {
      const whole = String(value)
      const parent = whole.endsWith('/') ? whole : `${whole}/`
      return onText(read, (actual) => actual === whole || actual.startsWith(parent))
    }
    case 'cidr':
      return createCidrTest(read, predicate)
  }
}

function createFlagTest(read: FlagReader, { op, value }: FieldPredicate): PredicateTest | undefined {
  if (op !== 'equals' && op !== 'not_equals') return undefined
  const expected = (value === true) === (op === 'equals')
  return (connection) => read(connection) === expected
}

function createListTest(read: ListReader, { op, value }: FieldPredicate): PredicateTest | undefined {
  if (op !== 'contains' && op !== 'not_contains') return undefined
  const element = String(value)
  const expected = op === 'contains'
  return (connection) => {
    const actual = read(connection)
    return actual !== undefined && actual.includes(element) === expected
  }
}

function onText(read: FieldReader, test: (actual: string) => boolean): PredicateTest {
  return (connection, request) => {
    const actual = read(connection, request)
    return typeof actual === 'string' && test(actual)
  }
}

function createCidrTest(read: FieldReader, { field, value }: FieldPredicate): PredicateTest | undefined {
  const network = parseCidr(String(value))
  if (network === undefined) return undefined
  const bytes = createAddressReader(field)
  if (bytes !== undefined) {
    return (connection) => {
      const address = bytes(connection)
      return address !== undefined && networkContains(network, address)
    }
  }
  return onText(read, (actual) => {
    const address = parseIp(actual)
    return address !== undefined && networkContains(network, address)
  })
}

function onNumber(read: FieldReader, test: (actual: number) => boolean): PredicateTest {
  return (connection, request) => {
    const actual = read(connection, request)
    return typeof actual === 'number' && test(actual)
  }
}

function toMembers(value: FieldPredicate['value']): ReadonlySet<unknown> {
  return new Set<unknown>(typeof value === 'object' ? value : [value])
}
