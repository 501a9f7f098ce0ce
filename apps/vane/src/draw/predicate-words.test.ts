import { expect, it } from 'vitest'
import type { FieldPredicate } from 'vane-core'
import { fieldWords, listWords, predicateWords } from './predicate-words.ts'

it.each<[FieldPredicate, string]>([
  [{ field: 'http.host', op: 'equals', value: 'a.test' }, 'host = a.test'],
  [{ field: 'http.host', op: 'not_equals', value: '' }, 'host ≠ ""'],
  [{ field: 'http.uri.path', op: 'path_prefix', value: '/api' }, 'path under /api'],
  [{ field: 'http.header.accept', op: 'contains', value: ' json' }, 'header accept contains " json"'],
  [{ field: 'remote.ip', op: 'cidr', value: '10.0.0.0/8' }, 'remote ip in 10.0.0.0/8'],
  [{ field: 'remote.port', op: 'in', value: [1, 2, 3, 4] }, 'remote port in {1, 2, 3, 4}'],
  [{ field: 'http.header.upgrade', op: 'prefix', value: '' }, 'header upgrade is there'],
  [{ field: 'http.method', op: 'not_in', value: [] }, 'method is there'],
  [{ field: 'http.method', op: 'not_in', value: ['A', 'B', 'C', 'D', 'E'] }, 'method not in {A, B, C, … 2 more}'],
])('says %j as %s', (predicate, words) => {
  expect(predicateWords(predicate)).toBe(words)
})

it('takes a field for what it is, not for a property of objects', () => {
  expect(fieldWords('constructor')).toBe('constructor')
  expect(fieldWords('http.cookie.toString')).toBe('cookie toString')
})

it('counts the tail of a list only where that saves room', () => {
  expect(listWords(['a', 'b', 'c'], 2)).toBe('a, b, c')
  expect(listWords(['a', 'b', 'c', 'd'], 2)).toBe('a, b, … 2 more')
})
