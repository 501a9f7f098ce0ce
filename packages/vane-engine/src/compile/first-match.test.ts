import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  evaluatePredicate,
  parseRuleFile,
  type FieldValue,
  type NodeId,
  type Predicate,
  type Rule,
  type SymbolicFlowGraph,
} from 'vane-core'
import { compile } from './compile.ts'

type Request = Readonly<Record<string, FieldValue | undefined>>

// Few values each, so that rules overlap, contradict and repeat each other, and requests hit them.
const VALUES: Readonly<Record<string, readonly (string | number)[]>> = {
  'http.host': ['a.test', 'b.test', 'www.a.test'],
  'http.method': ['GET', 'POST', 'PUT'],
  'http.uri.path': ['/', '/api', '/api/x', '/apix'],
  'http.header.x': ['1', '2', ''],
  'http.version': ['1.1', '2'],
  'remote.ip': ['10.0.0.1', '10.0.0.2', '192.168.0.1', '2001:db8::1'],
  'remote.port': [1, 2],
  transport: ['tcp'],
}

function comparison(field: string): fc.Arbitrary<object> {
  const value = fc.constantFrom(...VALUES[field]!)
  const list = fc.array(value, { minLength: 1, maxLength: 3 })
  const operators: fc.Arbitrary<object>[] = [
    value.map((equals) => ({ equals })),
    value.map((not_equals) => ({ not_equals })),
    list.map((items) => ({ in: items })),
    list.map((not_in) => ({ not_in })),
  ]
  if (field === 'remote.ip')
    operators.push(fc.constantFrom('10.0.0.0/30', '0.0.0.0/0', '2001:db8::/32').map((cidr) => ({ cidr })))
  if (field === 'http.uri.path')
    operators.push(fc.constantFrom('/', '/api', '/api/').map((path_prefix) => ({ path_prefix })))
  if (/host|path|header/.test(field)) {
    const text = fc.constantFrom('', '/api', 'a', '.test', '1')
    operators.push(
      text.map((prefix) => ({ prefix })),
      text.map((suffix) => ({ suffix })),
      text.map((contains) => ({ contains })),
    )
  }
  return fc.oneof(...operators).map((operator) => ({ [field]: operator }))
}

const { predicate } = fc.letrec<{ predicate: object }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    // Equality on text is what dispatch is made of: make it frequent.
    { weight: 4, arbitrary: fc.constantFrom('http.host', 'http.method', 'http.uri.path').chain(comparison) },
    { weight: 3, arbitrary: fc.constantFrom(...Object.keys(VALUES)).chain(comparison) },
    { weight: 1, arbitrary: tie('predicate').map((not) => ({ not })) },
    { weight: 1, arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 3 }).map((any_of) => ({ any_of })) },
    { weight: 1, arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 3 }).map((all_of) => ({ all_of })) },
  ),
}))

const ruleSet = fc
  .array(
    fc.record({
      match: fc.array(predicate, { maxLength: 3 }),
      priority: fc.constantFrom(-1, 0, 0, 0, 1),
      terminate: fc.constantFrom({ type: 'close' }, { type: 'static', status: 200 }, { type: 'static', status: 201 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((rules) => rules.map((rule, index) => ({ ...rule, name: `r${(index * 7) % 12}-${index}`, listen: [':80'] })))

const request: fc.Arbitrary<Request> = fc.record(
  Object.fromEntries(Object.entries(VALUES).map(([field, values]) => [field, fc.constantFrom(...values)])),
  // Anything may be absent.
  { requiredKeys: ['transport'] },
)

/** What the language says: rules in matching order, the first whose predicates all hold. Shares no code with the compiler. */
function naiveWinner(rules: readonly Rule[], values: Request): string | null {
  const order = [...rules].toSorted(
    (a, b) =>
      b.priority - a.priority ||
      levelOf(b) - levelOf(a) ||
      comparisons(b.match).length - comparisons(a.match).length ||
      (a.name < b.name ? -1 : 1),
  )
  return (
    order.find((rule) => rule.match.every((part) => evaluatePredicate(part, (field) => values[field])))?.name ?? null
  )
}

function comparisons(match: readonly Predicate[]): Predicate[] {
  return match.flatMap((part) =>
    part.op === 'not' ? comparisons([part.of]) : 'of' in part ? comparisons(part.of) : [part],
  )
}

function levelOf(rule: Rule): number {
  return comparisons(rule.match).some((part) => 'field' in part && part.field.startsWith('http.')) ? 1 : 0
}

/** Follows a graph as an executor would; answers the rule that won and how many nodes were visited. */
function walk(graph: SymbolicFlowGraph, values: Request): { rule: string | null; steps: number } {
  let id: NodeId = graph.entries['tcp::80']!
  let rule: string | null = null
  for (let steps = 1; ; steps++) {
    const node = graph.nodes[id]!
    rule ??= graph.nodeRules[id]!
    switch (node.kind) {
      case 'check':
        id = evaluatePredicate(graph.predicates[node.predicate]!, (field) => values[field]) ? node.onMatch : node.onMiss
        break
      case 'dispatch':
        id = node.cases.find(([value]) => value === values[node.field])?.[1] ?? node.default
        break
      case 'fetch':
        id = node.nextResponse!
        break
      case 'terminate':
        expect(node.cause === 'unmatched').toBe(rule === null)
        return { rule, steps }
      default:
        id = node.next
    }
  }
}

test('the graph answers as a first-match reading of the rules does', () => {
  fc.assert(
    fc.property(ruleSet, fc.array(request, { minLength: 8, maxLength: 8 }), (rules, requests) => {
      const files = [{ path: 'rules/x.json', text: JSON.stringify({ rules }) }]
      const { graph, diagnostics } = compile({ files })
      expect(diagnostics).toEqual([])
      const parsed = parseRuleFile(files[0]!).file!.rules.filter((entry): entry is Rule => !('preset' in entry))
      const size = parsed.reduce((sum, rule) => sum + comparisons(rule.match).length, 0)
      for (const values of requests) {
        const { rule, steps } = walk(graph!, values)
        expect(rule).toBe(naiveWinner(parsed, values))
        expect(steps).toBeLessThanOrEqual(size + rules.length + 4)
      }
    }),
    { numRuns: 1_500 },
  )
})

test('one request is matched in a few steps, however many hosts there are', () => {
  const rules = Array.from({ length: 2_000 }, (_, index) => ({
    name: `r${index}`,
    listen: [':80'],
    match: [
      { 'http.host': { equals: `h${index >> 1}.test` } },
      { 'http.method': { equals: index % 2 === 0 ? 'GET' : 'POST' } },
    ],
    terminate: { type: 'static', status: 200 },
  }))
  const { graph } = compile({ files: [{ path: 'rules/x.json', text: JSON.stringify({ rules }) }] })
  // upgrade, host, method, fetch, terminate
  expect(walk(graph!, { 'http.host': 'h700.test', 'http.method': 'POST' })).toEqual({ rule: 'r1401', steps: 5 })
})
