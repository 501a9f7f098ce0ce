import { expect, test } from 'vitest'
import { evaluatePredicate, FIELDS, OPERATORS, operatorsOf, type FieldValue, type Predicate } from 'vane-core'

const REQUEST: Readonly<Record<string, FieldValue>> = {
  'remote.ip': '10.1.2.3',
  'remote.port': 4711,
  'http.method': 'GET',
  'http.host': 'a.test',
  'http.uri.path': '/api/x',
}
const holds = (predicate: Predicate): boolean => evaluatePredicate(predicate, (path) => REQUEST[path])

test.each<[Predicate['op'], string, string | number | string[], boolean]>([
  ['equals', 'http.host', 'a.test', true],
  ['equals', 'http.host', 'a.tes', false],
  ['equals', 'remote.port', 4711, true],
  ['not_equals', 'http.host', 'b.test', true],
  ['not_equals', 'http.host', 'a.test', false],
  ['in', 'http.method', ['HEAD', 'GET'], true],
  ['in', 'http.method', ['HEAD'], false],
  ['not_in', 'http.method', ['HEAD'], true],
  ['not_in', 'http.method', ['GET'], false],
  ['prefix', 'http.uri.path', '/ap', true],
  ['prefix', 'http.uri.path', 'api', false],
  ['suffix', 'http.host', '.test', true],
  ['contains', 'http.uri.path', 'pi/', true],
  ['path_prefix', 'http.uri.path', '/api', true],
  ['path_prefix', 'http.uri.path', '/api/', true],
  ['path_prefix', 'http.uri.path', '/api/x', true],
  ['path_prefix', 'http.uri.path', '/ap', false],
  ['path_prefix', 'http.uri.path', '/', true],
  ['cidr', 'remote.ip', '10.0.0.0/8', true],
  ['cidr', 'remote.ip', '10.1.2.0/25', true],
  ['cidr', 'remote.ip', '11.0.0.0/8', false],
  ['cidr', 'remote.ip', '::/0', false],
])('%s on %s with %j is %s', (op, field, value, expected) => {
  expect(holds({ op, field, value } as Predicate)).toBe(expected)
})

test('an absent field misses under every operator, and its negation holds', () => {
  for (const op of ['equals', 'not_equals', 'in', 'not_in', 'prefix', 'suffix', 'contains'] as const) {
    const predicate: Predicate = { op, field: 'http.header.x', value: op.endsWith('in') ? ['a'] : 'a' }
    expect(holds(predicate)).toBe(false)
    expect(holds({ op: 'not', of: predicate })).toBe(true)
  }
})

test('combinations', () => {
  const yes: Predicate = { op: 'equals', field: 'http.host', value: 'a.test' }
  const no: Predicate = { op: 'not', of: yes }
  expect(holds({ op: 'any_of', of: [no, yes] })).toBe(true)
  expect(holds({ op: 'any_of', of: [no, no] })).toBe(false)
  expect(holds({ op: 'all_of', of: [yes, yes] })).toBe(true)
  expect(holds({ op: 'all_of', of: [yes, no] })).toBe(false)
})

test('every supported field takes an operator, and every operator a field', () => {
  for (const field of FIELDS) expect(operatorsOf(field)).not.toEqual([])
  const taken = new Set(FIELDS.flatMap(operatorsOf))
  expect([...taken].toSorted()).toEqual(Object.keys(OPERATORS).toSorted())
})
