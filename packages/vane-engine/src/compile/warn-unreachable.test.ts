import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluatePredicate, parseRuleFile, type FieldValue, type Predicate, type Rule } from 'vane-core'
import { compile } from './compile.ts'
import { implies } from './implies.ts'

const LARGE = { left: 1_000_000 }

function predicateOf(match: object): Predicate {
  const rule = { name: 'a', listen: [':80'], match, terminate: { type: 'close' } }
  const { file } = parseRuleFile({ path: 'x.json', text: JSON.stringify({ rules: [rule] }) })
  return (file!.rules[0] as Rule).match[0]!
}

test.each<[object, object, boolean]>([
  [{ 'http.host': { equals: 'a' } }, { 'http.host': { in: ['a', 'b'] } }, true],
  [{ 'http.host': { in: ['a', 'b'] } }, { 'http.host': { equals: 'a' } }, false],
  [{ 'http.host': { in: ['a', 'b'] } }, { not: { 'http.host': { equals: 'c' } } }, true],
  [{ 'http.host': { not_equals: 'a' } }, { not: { 'http.host': { equals: 'a' } } }, false],
  [{ not: { 'http.host': { suffix: 'a' } } }, { not: { 'http.host': { suffix: 'ba' } } }, true],
  [{ 'http.uri.path': { prefix: '/api/x' } }, { 'http.uri.path': { prefix: '/api/' } }, true],
  [{ 'http.uri.path': { path_prefix: '/api/x' } }, { 'http.uri.path': { path_prefix: '/api' } }, true],
  [{ 'http.uri.path': { path_prefix: '/api' } }, { 'http.uri.path': { path_prefix: '/api/' } }, false],
  [{ 'http.uri.path': { path_prefix: '/api' } }, { 'http.uri.path': { prefix: '/api' } }, true],
  [{ 'http.uri.path': { prefix: '/api' } }, { 'http.uri.path': { path_prefix: '/api' } }, false],
  [{ 'http.host': { suffix: '.a.test' } }, { 'http.host': { contains: 'a.t' } }, true],
  [{ 'tls.peer_cert.san_dns': { contains: 'abc' } }, { 'tls.peer_cert.san_dns': { contains: 'b' } }, false],
  [{ 'remote.ip': { cidr: '10.1.0.0/16' } }, { 'remote.ip': { cidr: '10.0.0.0/8' } }, true],
  [{ 'remote.ip': { cidr: '10.0.0.0/8' } }, { 'remote.ip': { cidr: '10.1.0.0/16' } }, false],
  [{ 'remote.port': { gt: 1023 } }, { 'remote.port': { gte: 1024 } }, true],
  [{ 'remote.port': { lt: 10 } }, { 'remote.port': { lte: 8 } }, false],
  [{ 'http.host': { matches: 'a+' } }, { 'http.host': { matches: 'a+' } }, true],
  [{ 'http.header.x': { equals: 'a' } }, { 'http.header.x': { prefix: '' } }, true],
])('%j implies %j: %s', (premise, conclusion, expected) => {
  expect(implies(predicateOf(premise), predicateOf(conclusion), { ...LARGE })).toBe(expected)
})

const VALUES: Readonly<Record<string, readonly (string | number)[]>> = {
  'http.uri.path': ['/', '/a', '/a/', '/a/b', '/ab'],
  'http.host': ['a', 'b', 'ab'],
  'remote.port': [1, 2, 3],
  'remote.ip': ['10.0.0.1', '10.1.0.1', '192.0.2.1', '::1'],
}

function comparison(field: string): fc.Arbitrary<object> {
  const value = fc.constantFrom(...VALUES[field]!)
  const values = fc.array(value, { minLength: 1, maxLength: 3 })
  const one = (name: string): fc.Arbitrary<object> => value.map((operand) => ({ [name]: operand }))
  const operators = [
    one('equals'),
    one('not_equals'),
    values.map((list) => ({ in: list })),
    values.map((list) => ({ not_in: list })),
  ]
  if (field === 'remote.ip') {
    operators.push(fc.constantFrom('10.0.0.0/8', '10.0.0.0/16', '0.0.0.0/0', '::/0').map((cidr) => ({ cidr })))
  } else if (field === 'remote.port') operators.push(...['gt', 'gte', 'lt', 'lte'].map(one))
  else operators.push(...['prefix', 'suffix', 'contains', 'not_contains'].map(one))
  if (field === 'http.uri.path') {
    operators.push(fc.constantFrom('/', '/a', '/a/', '/a/b').map((path_prefix) => ({ path_prefix })))
  }
  return fc.oneof(...operators).map((operator) => ({ [field]: operator }))
}

const { predicate } = fc.letrec<{ predicate: object }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    { weight: 6, arbitrary: fc.constantFrom(...Object.keys(VALUES)).chain(comparison) },
    { weight: 1, arbitrary: tie('predicate').map((not) => ({ not })) },
    { weight: 1, arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 2 }).map((any_of) => ({ any_of })) },
    { weight: 1, arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 2 }).map((all_of) => ({ all_of })) },
  ),
}))

/** Every request there is over the values above, absent fields among them. */
function* requests(): Generator<Readonly<Record<string, FieldValue | undefined>>> {
  for (const path of [undefined, ...VALUES['http.uri.path']!]) {
    for (const host of [undefined, ...VALUES['http.host']!]) {
      for (const port of [undefined, ...VALUES['remote.port']!]) {
        for (const ip of [undefined, ...VALUES['remote.ip']!]) {
          yield { 'http.uri.path': path, 'http.host': host, 'remote.port': port, 'remote.ip': ip }
        }
      }
    }
  }
}
const REQUESTS = [...requests()]

test('what is said to be implied is implied, on every request', () => {
  let found = 0
  fc.assert(
    fc.property(predicate, predicate, (premise, conclusion) => {
      const [one, other] = [predicateOf(premise), predicateOf(conclusion)]
      if (!implies(one, other, { ...LARGE })) return
      found++
      for (const request of REQUESTS) {
        if (!evaluatePredicate(one, (field) => request[field])) continue
        expect(evaluatePredicate(other, (field) => request[field])).toBe(true)
      }
    }),
    { numRuns: 5_000 },
  )
  expect(found).toBeGreaterThan(20)
})

function warningsOf(...rules: object[]): string[] {
  const all = rules.map((rule, index) => ({
    name: `r${index}`,
    listen: [':80'],
    terminate: { type: 'close' },
    ...rule,
  }))
  const { graph, diagnostics } = compile({ files: [{ path: 'x.json', text: JSON.stringify({ rules: all }) }] })
  expect(graph).toBeDefined()
  return diagnostics.filter(({ code }) => code === 'unreachable-rule').map(({ message }) => message)
}

test('a rule behind one that always holds is warned of, with both places', () => {
  expect(warningsOf({ priority: 1 }, { match: { 'http.host': { equals: 'a' } } })).toEqual([
    'rule "r1" never matches: rule "r0" is tried earlier and holds whenever it does',
  ])
})

test('a rule with the conditions of an earlier one, and more, is warned of', () => {
  const host = { 'http.host': { in: ['a', 'b'] } }
  const path = { 'http.uri.path': { path_prefix: '/x' } }
  expect(warningsOf({ match: [host], priority: 1 }, { match: [path, { 'http.host': { equals: 'a' } }] })).toHaveLength(
    1,
  )
  expect(warningsOf({ match: [host, path], priority: 1 }, { match: [host] })).toEqual([])
  // The same in the automatic order: more conditions go first.
  expect(warningsOf({ match: [host] }, { match: [host, path] })).toEqual([])
})

test('a rule that can be reached on one of its listeners is not warned of', () => {
  const rule = { listen: [':80', ':81'], match: { 'http.host': { equals: 'a' } } }
  expect(warningsOf({ priority: 1 }, rule)).toEqual([])
  expect(warningsOf({ priority: 1, listen: [':81', ':80'] }, rule)).toHaveLength(1)
})

test('no rule that is warned of ever wins', () => {
  const rule = fc.record({ match: fc.array(predicate, { maxLength: 2 }), priority: fc.constantFrom(0, 1) })
  fc.assert(
    fc.property(fc.array(rule, { minLength: 2, maxLength: 6 }), (rules) => {
      const all = rules.map((part, index) => ({
        ...part,
        name: `r${index}`,
        listen: [':80'],
        terminate: { type: 'static', status: 200 },
      }))
      const text = JSON.stringify({ rules: all })
      const { graph, diagnostics } = compile({ files: [{ path: 'x.json', text }] })
      const order = graph?.meta.listeners['tcp::80']?.rules ?? []
      const byName = new Map(
        (parseRuleFile({ path: 'x.json', text }).file!.rules as Rule[]).map((parsed) => [parsed.name, parsed]),
      )
      const dead = new Set(
        diagnostics.flatMap(({ code, message }) =>
          code === 'unreachable-rule' ? [/"(r\d)" never/.exec(message)?.[1]] : [],
        ),
      )
      if (dead.size === 0) return
      for (const request of REQUESTS) {
        const winner = order.find((name) =>
          byName.get(name)?.match.every((part) => evaluatePredicate(part, (field) => request[field])),
        )
        expect(dead.has(winner)).toBe(false)
      }
    }),
    { numRuns: 500 },
  )
})

// What bounds it is the test's own limit of time: without a budget of steps these would take minutes.
test('many rules come to an end, whatever they look like', { timeout: 60_000 }, () => {
  const kinds: ((index: number) => object)[] = [
    (index) => ({ 'http.uri.path': { prefix: `/${'x'.repeat(index % 50)}${index}/` } }),
    (index) => ({ not: { 'http.host': { suffix: `${index}` } } }),
    (index) => ({ any_of: [{ 'remote.port': { gt: index } }, { 'http.host': { matches: `^${index}` } }] }),
  ]
  for (const kind of kinds) {
    const rules = Array.from({ length: 5_000 }, (_, index) => ({ match: kind(index) }))
    expect(() => warningsOf(...rules)).not.toThrow()
  }
})
