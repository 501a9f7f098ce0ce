import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  evaluatePredicate,
  FIELDS,
  findField,
  INSPECTION_LEVELS,
  parseRuleFile,
  type FieldValue,
  type Predicate,
  type Rule,
  type SymbolicFlowGraph,
} from 'vane-core'
import { analyze } from './analyze.ts'
import { groupListeners } from './group-listeners.ts'
import { implies } from './implies.ts'
import { lower, type GraphBounds, type Lowered } from './lower/lower.ts'
import { BUILTINS_ONLY } from './metadata-provider.ts'
import { validate } from './validate/validate.ts'
import { walk, type Walk } from './walk.ts'

type Request = Readonly<Record<string, FieldValue | undefined>>

// More by hand: VANE_FUZZ_RUNS=100000
const numRuns = Number(process.env.VANE_FUZZ_RUNS ?? 1_500)

// Few values each, so that rules overlap, contradict and repeat each other, and requests hit them.
const VALUES: Readonly<Record<string, readonly (string | number | boolean | readonly string[])[]>> = {
  'http.host': ['a.test', 'b.test', 'www.a.test'],
  'http.method': ['GET', 'POST', 'PUT'],
  'http.uri.path': ['/', '/api', '/api/', '/api/x', '/apix', '/api-x', '/api/x/y'],
  'http.uri.query': ['', 'a', 'a=1'],
  'http.header.x': ['1', '2', '11', ''],
  'http.header.y': ['1', '2'],
  'http.query.q': ['1', ''],
  'http.cookie.c': ['1', 'a'],
  'http.version': ['1.0', '1.1', '2'],
  'http.body': ['a', 'ab', ''],
  'remote.ip': ['10.0.0.1', '10.0.0.2', '192.168.0.1', '2001:db8::1'],
  'local.ip': ['10.0.0.1', '::1'],
  'remote.port': [1, 2, 443],
  'local.port': [80],
  transport: ['tcp'],
  peek: ['a', 'ab'],
  'tls.sni': ['a.test', 'b.test'],
  'tls.alpn': ['h2', 'http/1.1'],
  'tls.version': ['1.2', '1.3'],
  'tls.peer_cert.present': [true, false],
  'tls.peer_cert.subject_cn': ['a', 'ab'],
  'tls.peer_cert.issuer_cn': ['a', 'b'],
  'tls.peer_cert.serial': ['1', '2'],
  'tls.peer_cert.fingerprint_sha256': ['a', 'b'],
  'tls.peer_cert.spki_sha256': ['a', 'b'],
  'tls.peer_cert.san_dns': [['a.test'], ['a.test', 'b.test'], []],
}
const ALL_FIELDS = Object.keys(VALUES)
const CONNECTION_FIELDS = ALL_FIELDS.filter((field) => isOfConnection(field))

const TEXTS = ['', 'a', '/api', '/a', '/api/', '.test', 'test', '1', '/api/x', 'www.', 'ab']
const OPERANDS: Readonly<Record<string, readonly unknown[]>> = {
  prefix: TEXTS,
  suffix: TEXTS,
  contains: TEXTS,
  not_contains: TEXTS,
  matches: ['a', '^/api', '^$', '.*', '[12]'],
  path_prefix: ['/', '/api', '/api/', '/api/x', '/apix', '/api-x', '/api/x/y'],
  cidr: ['10.0.0.0/30', '10.0.0.0/31', '10.0.0.1/32', '0.0.0.0/0', '2001:db8::/32', '::/0'],
}

function operatorsOn(field: string): readonly string[] {
  const type = findField(field)!.type
  const equality = ['equals', 'not_equals']
  const lists = ['in', 'not_in']
  switch (type) {
    case 'list':
      return ['contains', 'not_contains']
    case 'bool':
      return equality
    case 'enum':
      return [...equality, ...lists]
    case 'int':
      return [...equality, ...lists, 'gt', 'gte', 'lt', 'lte']
    case 'ip':
      return [...equality, ...lists, 'cidr']
    default: {
      const texts = ['prefix', 'suffix', 'contains', 'not_contains', ...(type === 'string' ? ['matches'] : [])]
      return [...equality, ...lists, ...texts, ...(field === 'http.uri.path' ? ['path_prefix', 'path_prefix'] : [])]
    }
  }
}

function comparison(field: string): fc.Arbitrary<object> {
  const values = VALUES[field]!.flat()
  const operators = operatorsOn(field).map((op): fc.Arbitrary<object> => {
    const operand =
      op === 'in' || op === 'not_in'
        ? fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
        : fc.constantFrom(...(findField(field)!.type === 'list' ? values : (OPERANDS[op] ?? values)))
    return operand.map((value) => ({ [field]: { [op]: value } }))
  })
  return fc.oneof(...operators)
}

function predicateOn(fields: readonly string[]): fc.Arbitrary<object> {
  return fc.letrec<{ predicate: object }>((tie) => ({
    predicate: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      { weight: 7, arbitrary: fc.constantFrom(...fields).chain(comparison) },
      { weight: 1, arbitrary: tie('predicate').map((not) => ({ not })) },
      {
        weight: 1,
        arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 3 }).map((any_of) => ({ any_of })),
      },
      {
        weight: 1,
        arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 3 }).map((all_of) => ({ all_of })),
      },
    ),
  })).predicate
}

function rulesOf(arbitrary: fc.Arbitrary<object>): fc.Arbitrary<object[]> {
  return fc
    .array(arbitrary, { minLength: 1, maxLength: 12 })
    .map((rules) => rules.map((rule, index) => ({ ...rule, name: `r${(index * 7) % 12}-${index}`, listen: [':80'] })))
}

const STATIC = { type: 'static', status: 200 }
const priority = fc.constantFrom(-1, 0, 0, 0, 1)
// A few fields in a set of rules, so that rules have to do with each other.
const httpRules = fc.uniqueArray(fc.constantFrom(...ALL_FIELDS), { minLength: 1, maxLength: 5 }).chain((fields) =>
  rulesOf(
    fc.record({
      match: fc.array(predicateOn(fields), { maxLength: 3 }),
      priority,
      terminate: fc.constantFrom({ type: 'close' }, STATIC, STATIC),
    }),
  ),
)

const request: fc.Arbitrary<Request> = fc.record(
  Object.fromEntries(
    Object.entries(VALUES).map(([field, values]) => {
      const odd = field === 'http.uri.path' || field.startsWith('http.header.') ? TEXTS : []
      return [field, fc.constantFrom<FieldValue>(...values, ...odd)]
    }),
  ),
  // Anything may be absent.
  { requiredKeys: ['transport'] },
)
const requests = fc.array(request, { minLength: 8, maxLength: 8 })

const bounds = fc.constantFrom<GraphBounds | undefined>(
  undefined,
  { nodesPerSize: 2, freeNodes: 0, choiceRules: 16 },
  { nodesPerSize: 4, freeNodes: 10, choiceRules: 4 },
  { nodesPerSize: 8, freeNodes: 60, choiceRules: 2 },
  { nodesPerSize: 20, freeNodes: 0, choiceRules: 2 },
)

function parse(rules: readonly object[]): Rule[] {
  const { file, diagnostics } = parseRuleFile({ path: 'rules/x.json', text: JSON.stringify({ rules }) })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return file!.rules.filter((entry): entry is Rule => !('preset' in entry))
}

function lowerRules(
  rules: readonly Rule[],
  given: GraphBounds | undefined,
): Lowered & { readonly whole: SymbolicFlowGraph } {
  const analyzed = analyze(rules, { middleware: BUILTINS_ONLY, sources: new Map() })
  const lowered = lower(groupListeners(analyzed.rules).listeners, given)
  const meta = { versionHash: '', sourceFiles: [], listeners: lowered.listeners, ruleSources: {}, comparisons: [] }
  const whole = { ...lowered.graph, meta }
  expect(validate(whole)).toEqual([])
  return { ...lowered, whole }
}

/** Rules in matching order. Shares no code with the compiler, as all below. */
function inOrder(rules: readonly Rule[]): Rule[] {
  return [...rules].toSorted(
    (a, b) =>
      b.priority - a.priority ||
      levelOf(b) - levelOf(a) ||
      comparisons(b.match).length - comparisons(a.match).length ||
      (a.name < b.name ? -1 : 1),
  )
}

function comparisons(match: readonly Predicate[]): Predicate[] {
  return match.flatMap((part) =>
    part.op === 'not' ? comparisons([part.of]) : 'of' in part ? comparisons(part.of) : [part],
  )
}

function levelOf({ match }: Rule): number {
  const levels = comparisons(match).map((part) => ('field' in part ? findField(part.field)!.level : 'l4'))
  return Math.max(0, ...levels.map((level) => INSPECTION_LEVELS.indexOf(level)))
}

function isOfConnection(field: string): boolean {
  const { level } = findField(field)!
  return level === 'l4' || level === 'l4-peek'
}

function holds({ match }: Rule, values: Request): boolean {
  return match.every((part) => evaluatePredicate(part, (field) => values[field]))
}

test('every field is tried', () => {
  const named = FIELDS.map(({ path }) => path)
  const missing = named.filter((path) => !ALL_FIELDS.some((field) => findField(field)!.path === path))
  expect(missing).toEqual([])
})

test('the graph answers as a first-match reading of the rules does, whatever its bounds', () => {
  fc.assert(
    fc.property(httpRules, requests, bounds, (written, all, given) => {
      const rules = parse(written)
      const { whole } = lowerRules(rules, given)
      const ordered = inOrder(rules)
      for (const values of all) {
        const { rule } = walk(whole, (field) => values[field], { listener: 'tcp::80' })!
        expect(rule).toBe(ordered.find((candidate) => holds(candidate, values))?.name ?? null)
      }
    }),
    { numRuns },
  )
})

test('rules with different keys by turns are found as a first-match reading finds them', () => {
  // Small enough that rules are repeated and hide each other, and most of them have keys.
  const comparisons = fc.oneof(
    comparison('http.host'),
    comparison('http.uri.path'),
    fc.constantFrom('GET', 'POST').map((equals) => ({ 'http.method': { equals } })),
    fc.constantFrom('1', '2', '11').map((equals) => ({ 'http.header.x': { equals } })),
    fc.constantFrom('10.0.0.0/30', '10.0.0.1/32', '192.168.0.0/16').map((cidr) => ({ 'remote.ip': { cidr } })),
  )
  const match = fc.oneof(
    { weight: 6, arbitrary: comparisons },
    { weight: 2, arbitrary: fc.array(comparisons, { minLength: 2, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(comparisons, { minLength: 2, maxLength: 3 }).map((any_of) => ({ any_of })) },
    { weight: 1, arbitrary: predicateOn(['http.host', 'http.uri.path', 'http.body', 'remote.ip']) },
  )
  const some = fc
    .array(fc.record({ match, priority: fc.nat(3), terminate: fc.constantFrom({ type: 'close' }, STATIC, STATIC) }), {
      minLength: 4,
      maxLength: 40,
    })
    .map((list) => list.map((rule, index) => ({ ...rule, name: `r${(index * 7) % 40}-${index}`, listen: [':80'] })))
  let choices = 0
  fc.assert(
    fc.property(some, requests, bounds, (written, all, given) => {
      const rules = parse(written)
      const { whole } = lowerRules(rules, given)
      choices += whole.nodes.filter(({ kind }) => kind === 'choose').length
      const ordered = inOrder(rules)
      for (const values of all) {
        const { rule } = walk(whole, (field) => values[field], { listener: 'tcp::80' })!
        expect(rule).toBe(ordered.find((candidate) => holds(candidate, values))?.name ?? null)
      }
    }),
    { numRuns },
  )
  expect(choices).toBeGreaterThan(numRuns / 20)
})

test('a body is collected once, before the first check that sees it, and nowhere else', () => {
  const withBody = fc.uniqueArray(fc.constantFrom(...ALL_FIELDS), { maxLength: 3 }).chain((fields) =>
    rulesOf(
      fc.record({
        match: fc.array(predicateOn(['http.body', ...fields]), { maxLength: 3 }),
        terminate: fc.constant(STATIC),
      }),
    ),
  )
  fc.assert(
    fc.property(withBody, requests, bounds, (written, all, given) => {
      const { whole } = lowerRules(parse(written), given)
      for (const values of all) {
        let isCollected = false
        for (const { node: id } of walk(whole, (field) => values[field], { listener: 'tcp::80' })!.steps) {
          const node = whole.nodes[id]!
          const seesBody = node.kind === 'check' && whole.predicates[node.predicate]!.field === 'http.body'
          expect('collectBodyBefore' in node).toBe(seesBody && !isCollected)
          isCollected ||= seesBody
        }
      }
    }),
    { numRuns },
  )
})

test('no path tests what it has decided already', () => {
  fc.assert(
    fc.property(httpRules, requests, (written, all) => {
      const { whole, cuts } = lowerRules(parse(written), undefined)
      fc.pre(cuts === 0)
      for (const values of all)
        expect(
          decidedTests(
            whole,
            walk(whole, (field) => values[field], { listener: 'tcp::80' })!,
          ),
        ).toEqual([])
    }),
    { numRuns },
  )
})

/** Tests of a walk whose outcome an earlier one on the same field had settled: the same, one that follows, one after the value was known. */
function decidedTests(graph: SymbolicFlowGraph, { steps }: Walk): unknown[] {
  const decided: unknown[] = []
  const known: { predicate: Predicate & { field: string }; isTrue: boolean }[] = []
  for (const { node: id, edge, found } of steps) {
    const node = graph.nodes[id]!
    if (node.kind !== 'check' && node.kind !== 'dispatch') continue
    const field = node.kind === 'check' ? graph.predicates[node.predicate]!.field : node.field
    const earlier = known.filter(({ predicate }) => predicate.field === field)
    if (earlier.some(({ predicate, isTrue }) => predicate.op === 'equals' && isTrue)) decided.push(node)
    if (node.kind === 'check') {
      const predicate = graph.predicates[node.predicate]!
      for (const fact of earlier) {
        const [from, to] = fact.isTrue ? [fact.predicate, predicate] : [predicate, fact.predicate]
        if (implies(from, to, { left: 1_000 })) decided.push([fact, predicate])
      }
      known.push({ predicate, isTrue: edge === 'onMatch' })
      continue
    }
    for (const [value, , match] of found === undefined ? node.cases : [found]) {
      known.push({ predicate: { op: match ?? 'equals', field, value }, isTrue: found !== undefined })
    }
  }
  return decided
}

const bytesRules = rulesOf(
  fc.oneof(
    fc.record({
      match: fc.array(predicateOn(CONNECTION_FIELDS), { maxLength: 2 }),
      priority,
      terminate: fc.constant({ type: 'tcp_forward', upstream: 'a:1' }),
    }),
    fc.record({
      // One comparison of the request, so that nothing about requests is certain before there is one.
      match: fc.tuple(
        predicateOn(CONNECTION_FIELDS),
        fc.constantFrom('GET', 'POST').map((equals) => ({ 'http.method': { equals } })),
      ),
      priority,
      terminate: fc.constantFrom({ type: 'close' }, STATIC, STATIC),
    }),
    fc.record({
      match: fc.array(predicateOn(CONNECTION_FIELDS), { maxLength: 2 }),
      priority,
      terminate: fc.constantFrom({ type: 'close' }, STATIC),
    }),
  ),
)

/**
 * What a listener does that can both forward bytes and answer HTTP. Rules are tried in order on what is known of the
 * connection; the first that may hold and needs a request makes it HTTP, if it speaks that, and from there on rules that
 * forward bytes come too late. If it does not, only they and the closes are left.
 */
function naiveAuto(rules: readonly Rule[], values: Request, isHttp: boolean): string | null {
  const ordered = inOrder(rules)
  const first = ordered.findIndex(({ match }) => {
    const known = match.filter((part) =>
      comparisons([part]).every((item) => 'field' in item && isOfConnection(item.field)),
    )
    return known.every((part) => evaluatePredicate(part, (field) => values[field]))
  })
  const rule = ordered[first]
  if (rule === undefined) return null
  const needsRequest = rule.terminate.type === 'static' || levelOf(rule) > 1
  if (!needsRequest) return rule.name
  const excluded = isHttp ? 'tcp_forward' : 'static'
  const seen = isHttp ? values : Object.fromEntries(Object.entries(values).filter(([field]) => isOfConnection(field)))
  return ordered.slice(first).find((other) => other.terminate.type !== excluded && holds(other, seen))?.name ?? null
}

test('where bytes are forwarded and HTTP is answered, each rule is tried while it can still be carried out', () => {
  fc.assert(
    fc.property(bytesRules, requests, bounds, (written, all, given) => {
      const rules = parse(written)
      const { whole, listeners } = lowerRules(rules, given)
      const isClosing = (name: string | null): boolean =>
        name === null || rules.find((rule) => rule.name === name)?.terminate.type === 'close'
      for (const values of all) {
        const read = (field: string): FieldValue | undefined => values[field]
        expect(walk(whole, read, { listener: 'tcp::80' })!.rule).toBe(naiveAuto(rules, values, true))
        const bytes = walk(whole, read, { listener: 'tcp::80', isHttp: false })!.rule
        const expected = naiveAuto(rules, values, false)
        // A connection that nothing can be done with is closed, whoever says so.
        expect(isClosing(bytes) ? null : bytes).toBe(isClosing(expected) ? null : expected)
      }
      const { kind } = listeners['tcp::80']!
      if (!rules.some(({ terminate }) => terminate.type === 'tcp_forward')) expect(kind).not.toBe('auto')
    }),
    { numRuns },
  )
})
