import { expect, test } from 'vitest'
import {
  evaluatePredicate,
  FIELDS,
  OPERATORS,
  operatorsOf,
  type FieldValue,
  type Predicate,
  type PredicateOperator,
} from 'vane-core'

const REQUEST: Readonly<Record<string, FieldValue>> = {
  'remote.ip': '10.1.2.3',
  'remote.port': 4711,
  'http.method': 'GET',
  'http.host': 'a.test',
  'http.uri.path': '/api/x',
  peek: '\u0016\u0003\u00ff',
  'tls.peer_cert.present': true,
  'tls.peer_cert.san_dns': ['a.test', 'b.test'],
}
const holds = (predicate: Predicate): boolean => evaluatePredicate(predicate, (path) => REQUEST[path])

test.each<[Predicate['op'], string, string | number | boolean | string[], boolean]>([
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
  ['not_contains', 'http.uri.path', 'pi/', false],
  ['not_contains', 'http.uri.path', 'PI/', true],
  ['contains', 'tls.peer_cert.san_dns', 'b.test', true],
  // An element, not a part of one.
  ['contains', 'tls.peer_cert.san_dns', 'b', false],
  ['not_contains', 'tls.peer_cert.san_dns', 'b', true],
  ['not_contains', 'tls.peer_cert.san_dns', 'b.test', false],
  ['equals', 'tls.peer_cert.present', true, true],
  ['not_equals', 'tls.peer_cert.present', true, false],
  ['prefix', 'peek', '\u0016\u0003', true],
  ['suffix', 'peek', '\u00ff', true],
  ['contains', 'peek', '\u0003\u00ff', true],
  ['in', 'peek', ['\u0016\u0003\u00ff'], true],
  ['matches', 'http.host', '^a\\.', true],
  ['matches', 'http.host', 'A', false],
  ['matches', 'http.host', '(?i)A', true],
  ['matches', 'http.host', 'tes', true],
  ['matches', 'http.host', '^tes', false],
  ['gt', 'remote.port', 4710, true],
  ['gt', 'remote.port', 4711, false],
  ['gte', 'remote.port', 4711, true],
  ['gte', 'remote.port', 4712, false],
  ['lt', 'remote.port', 4712, true],
  ['lt', 'remote.port', 4711, false],
  ['lte', 'remote.port', 4711, true],
  ['lte', 'remote.port', 4710, false],
])('%s on %s with %j is %s', (op, field, value, expected) => {
  expect(holds({ op, field, value } as Predicate)).toBe(expected)
})

test('an absent field misses under every operator, and its negation holds', () => {
  for (const op of Object.keys(OPERATORS) as PredicateOperator[]) {
    const predicate: Predicate = { op, field: 'http.header.x', value: op.endsWith('in') ? ['a'] : '' }
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

test('every field takes an operator, and every operator a field', () => {
  for (const field of FIELDS) expect(operatorsOf(field)).not.toEqual([])
  const taken = new Set(FIELDS.flatMap(operatorsOf))
  expect([...taken].toSorted()).toEqual(Object.keys(OPERATORS).toSorted())
})
