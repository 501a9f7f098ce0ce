import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FieldValue, MiddlewareMeta, Node, NodeId, SymbolicFlowGraph } from 'vane-core'
import { BUILTIN_MIDDLEWARE } from '../builtin-middleware.ts'
import { compile } from '../compile.ts'
import type { MetadataProvider } from '../metadata-provider.ts'
import { walk } from '../walk.ts'

const PLUGIN: MiddlewareMeta = { kind: 'l7-request', stateless: true, needsBody: false, inspects: [] }
const KINDS: Readonly<Record<string, MiddlewareMeta>> = {
  body: { ...PLUGIN, needsBody: true },
  stateful: { ...PLUGIN, stateless: false },
  response: { ...PLUGIN, kind: 'l7-response', needsBody: true },
  peek: { ...PLUGIN, kind: 'l4-peek' },
  bytes: { ...PLUGIN, kind: 'l4-bytes' },
}
const middleware: MetadataProvider = {
  builtins: BUILTIN_MIDDLEWARE,
  plugin: ({ exportName }) => ({ path: '/p.wasm', meta: KINDS[exportName] ?? PLUGIN }),
}

const STATIC = { type: 'static', status: 200 }
const FORWARD = { type: 'tcp_forward', upstream: 'a:1' }
const LISTENER = 'tcp::80'
const host = (equals: string): object => ({ 'http.host': { equals } })
const chain = (...exports: string[]): object[] => exports.map((name) => ({ use: `p:${name}` }))

function graphOf(...rules: object[]): SymbolicFlowGraph {
  const written = rules.map((rule, index) => ({ name: `r${index}`, listen: [':80'], terminate: STATIC, ...rule }))
  const { graph, diagnostics } = compile({
    files: [{ path: 'x.json', text: JSON.stringify({ rules: written }) }],
    middleware,
  })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return graph!
}

/** The nodes that requests visit. */
function visit(graph: SymbolicFlowGraph, values: Readonly<Record<string, FieldValue>>, isHttp = true): Node[] {
  const { steps } = walk(graph, (field) => values[field], { listener: LISTENER, isHttp })!
  return steps.map(({ node }) => graph.nodes[node]!)
}

const marks = (nodes: readonly Node[]): unknown[] =>
  nodes.flatMap((node) => ('collectBodyBefore' in node ? [[node.kind, node.collectBodyBefore, node.bodyLimit]] : []))

test('one look-up serves equality and lists of a field, with the rules that need none of them behind it', () => {
  const graph = graphOf(
    { match: host('a') },
    { match: { 'http.host': { in: ['b', 'c'] } } },
    { match: { any_of: [host('d'), host('a')] } },
    { match: [], name: 'z' },
  )
  expect(visit(graph, { 'http.host': 'c' }).map(({ kind }) => kind)).toEqual([
    'upgrade',
    'dispatch',
    'fetch',
    'terminate',
  ])
  const dispatch = graph.nodes.find((node) => node.kind === 'dispatch')
  expect(dispatch).toMatchObject({ field: 'http.host', lookup: 'equals' })
  expect(dispatch?.cases.map(([value]) => value)).toEqual(['a', 'b', 'c', 'd'])
  expect(graph.nodeRules[dispatch!.default]).toBe('z')
})

test('of prefixes the order of the rules decides, not their length', () => {
  const path = (path_prefix: string): object => ({ 'http.uri.path': { path_prefix } })
  const at = (rules: object[], value: string): string | null =>
    walk(graphOf(...rules), (field) => (field === 'http.uri.path' ? value : undefined), { listener: LISTENER })!.rule
  const wideLast = [{ match: path('/api/v1') }, { match: path('/api'), name: 'wide' }]
  expect(at(wideLast, '/api/v1/x')).toBe('r0')
  expect(at(wideLast, '/api/v10')).toBe('wide')
  expect(at([wideLast[0]!, { ...wideLast[1], priority: 1 }], '/api/v1/x')).toBe('wide')
})

test('a check of one comparison is that comparison, negative ones too', () => {
  const comparisons = [
    { 'http.host': { equals: 'a' } },
    { 'http.host': { not_equals: 'a' } },
    { 'http.host': { in: ['a', 'b'] } },
    { 'http.host': { not_in: ['a', 'b'] } },
    { 'http.host': { not_contains: 'a' } },
    { 'http.uri.path': { path_prefix: '/a' } },
    { 'http.host': { suffix: '.a' } },
    { 'remote.port': { gte: 7 } },
    { 'remote.ip': { cidr: '10.0.0.0/8' } },
    { 'http.header.x': { matches: '^a+$' } },
  ]
  for (const match of comparisons) {
    const [[field, comparison]] = Object.entries(match) as [[string, object]]
    const [[op, value]] = Object.entries(comparison) as [[string, unknown]]
    expect(graphOf({ match }).predicates).toEqual([{ op, field, value }])
  }
})

test('what can never hold leaves nothing behind, what always does ends the list', () => {
  const never = graphOf(
    { match: [host('a'), host('b')] },
    { match: { not: { any_of: [host('c'), { not: host('c') }] } } },
  )
  expect(never.fetches).toEqual([])
  expect(never.nodes.map((node) => node.kind)).toEqual(['upgrade', 'terminate'])
  const always = graphOf({ match: { any_of: [host('c'), { not: host('c') }] } }, { match: [] })
  expect(always.fetches).toHaveLength(1)
})

test('a body is collected on those paths only on which it is looked at, and limited by the rule that looks first', () => {
  const graph = graphOf(
    { match: [host('a'), { 'http.body': { contains: 'x' } }], max_body_bytes_request: 7 },
    {
      match: host('a'),
      middleware_chain: chain('body', 'request', 'body', 'response'),
      max_body_bytes_request: 8,
      max_body_bytes_response: 9,
    },
    { match: host('b'), middleware_chain: chain('body'), max_body_bytes_request: 10 },
    { match: host('c') },
  )
  const response = ['middleware', 'response', 9]
  expect(marks(visit(graph, { 'http.host': 'a', 'http.body': 'x' }))).toEqual([['check', 'request', 7]])
  // It is in memory already when the middleware asks for it.
  expect(marks(visit(graph, { 'http.host': 'a', 'http.body': 'y' }))).toEqual([['check', 'request', 7], response])
  expect(marks(visit(graph, { 'http.host': 'b', 'http.body': 'x' }))).toEqual([['middleware', 'request', 10]])
  expect(marks(visit(graph, { 'http.host': 'c', 'http.body': 'x' }))).toEqual([])
})

test('a rule that is reached with its body and without is still one call site', () => {
  const graph = graphOf(
    { match: [host('a'), { 'http.body': { contains: 'x' } }] },
    { match: [], middleware_chain: chain('stateful', 'body'), name: 'rest' },
  )
  const stateful = (nodes: readonly Node[]): unknown[] =>
    nodes.flatMap((node) => (node.kind === 'middleware' || node.kind === 'fetch' ? [[node.kind, node.id]] : []))
  const withBody = visit(graph, { 'http.host': 'a', 'http.body': 'y' })
  const without = visit(graph, { 'http.host': 'b', 'http.body': 'y' })
  expect(marks(withBody)).toEqual([['check', 'request', 8 * 1024 * 1024]])
  expect(marks(without)).toEqual([['middleware', 'request', 8 * 1024 * 1024]])
  expect(stateful(withBody)).toEqual(stateful(without))
  expect(graph.middlewares).toHaveLength(2)
  expect(graph.fetches).toHaveLength(2)
})

test('a fetch that must be able to repeat its request has the body collected, unless it is', () => {
  const terminate = { type: 'http_proxy', upstream: 'a:1', retry: { max_attempts: 3, buffering: 'force' } }
  const graph = graphOf({ terminate, max_body_bytes_request: 5 })
  expect(marks(visit(graph, {}))).toEqual([['fetch', 'request', 5]])
  const after = graphOf({ terminate, middleware_chain: chain('body'), max_body_bytes_request: 5 })
  expect(marks(visit(after, {}))).toEqual([['middleware', 'request', 5]])
})

test.each<[string, object[], string, boolean]>([
  ['forwards', [{ terminate: FORWARD }], 'raw', false],
  ['closes', [{ match: { 'remote.port': { equals: 1 } }, terminate: { type: 'close' } }], 'raw', false],
  ['forwards by server name', [{ match: { 'tls.sni': { equals: 'a' } }, terminate: FORWARD }], 'raw', true],
  ['forwards after a look', [{ terminate: FORWARD, middleware_chain: chain('peek') }], 'raw', true],
  ['forwards what a plugin has seen', [{ terminate: FORWARD, middleware_chain: chain('bytes') }], 'raw', false],
  ['answers', [{ match: host('a') }], 'http', false],
  ['answers by server name', [{ match: { 'tls.sni': { equals: 'a' } } }], 'http', false],
  [
    'closes by server name and answers',
    [{ match: { 'tls.sni': { equals: 'a' } }, terminate: { type: 'close' } }, {}],
    'http',
    true,
  ],
  [
    'forwards from some addresses and answers the rest',
    [{ match: { 'remote.port': { equals: 1 } }, terminate: FORWARD }, {}],
    'auto',
    false,
  ],
  ['answers what speaks HTTP and forwards the rest', [{ match: host('a') }, { terminate: FORWARD }], 'auto', true],
  [
    'answers everything, so that it forwards only what does not speak HTTP',
    [{ name: 'a' }, { name: 'b', terminate: FORWARD }],
    'auto',
    true,
  ],
  ['forwards everything, so that it never answers', [{ name: 'b' }, { name: 'a', terminate: FORWARD }], 'raw', false],
])('a listener that %s', (_name, rules, kind, needsPeek) => {
  expect(graphOf(...rules).meta.listeners[LISTENER]).toMatchObject({ kind, needsPeek })
})

test('a connection that does not speak HTTP goes on to the rules that need none', () => {
  const graph = graphOf(
    { match: [host('a'), { 'remote.port': { equals: 1 } }] },
    { match: { 'tls.sni': { equals: 'b' } }, terminate: FORWARD, middleware_chain: chain('bytes') },
  )
  const values = { 'remote.port': 1, 'tls.sni': 'b', 'http.host': 'c' }
  expect(visit(graph, values, false).map(({ kind }) => kind)).toEqual([
    'check',
    'upgrade',
    'check',
    'middleware',
    'fetch',
    'terminate',
  ])
  // What has been read as HTTP can be forwarded no more.
  expect(visit(graph, values, true).at(-1)).toMatchObject({ kind: 'terminate', cause: 'unmatched' })
  // No rule asks for a request: nothing need be read.
  expect(visit(graph, { ...values, 'remote.port': 2 }, true).map(({ kind }) => kind)).not.toContain('upgrade')
})

test('a websocket leads to a response and to a tunnel', () => {
  const graph = graphOf({ terminate: { type: 'websocket', upstream: 'a:1' }, middleware_chain: chain('response') })
  const fetch = graph.nodes.find((node) => node.kind === 'fetch')
  const kindOf = (id: NodeId | undefined): unknown => {
    const node = id === undefined ? undefined : graph.nodes[id]
    return node?.kind === 'terminate' ? graph.terminators[node.id] : node?.kind
  }
  expect(kindOf(fetch?.nextResponse)).toBe('middleware')
  expect(kindOf(fetch?.nextTunnel)).toBe('byteTunnel')
})

test('listeners with the same rules share their nodes, others share what is equal', () => {
  const same = graphOf({ listen: [':80', ':81'], match: host('a') })
  expect(same.entries['tcp::81']).toBe(same.entries[LISTENER])
  const other = graphOf({ listen: [':80', ':81'], match: host('a') }, { listen: [':81'], match: host('b') })
  expect(other.fetches).toHaveLength(2)
})

test('the graph is the same whatever the order in which rules are written, or split over files', () => {
  const rules = Array.from({ length: 12 }, (_, index) => ({
    name: `r${index}`,
    listen: [':80'],
    match: [host(`h${index % 4}`), { 'http.uri.path': { path_prefix: `/${index % 3}` } }].slice(index % 3),
    terminate: STATIC,
  }))
  const shape = (written: readonly object[], cut: number): unknown => {
    const files = [written.slice(0, cut), written.slice(cut)].map((part, index) => ({
      path: `${index}.json`,
      text: JSON.stringify({ rules: part }),
    }))
    const { nodes, nodeRules, predicates, entries, meta } = compile({ files }).graph!
    return { nodes, nodeRules, predicates, entries, hash: meta.versionHash, listeners: meta.listeners }
  }
  const expected = shape(rules, 5)
  fc.assert(
    fc.property(fc.shuffledSubarray(rules, { minLength: rules.length }), fc.nat(rules.length), (shuffled, cut) => {
      expect(shape(shuffled, cut)).toEqual(expected)
    }),
    { numRuns: 50 },
  )
})

test('every node can be reached', () => {
  const graph = graphOf(
    { match: [host('a'), { not: host('a') }] },
    { match: host('b'), middleware_chain: chain('stateful') },
    {},
    {},
  )
  const reached = new Set<NodeId>(Object.values(graph.entries))
  for (const id of reached) {
    for (const [key, value] of Object.entries(graph.nodes[id]!)) {
      if (['onMatch', 'onMiss', 'default', 'next', 'nextResponse', 'onError'].includes(key))
        reached.add(value as NodeId)
      if (key === 'cases') for (const [, to] of value as [string, NodeId][]) reached.add(to)
    }
  }
  expect(reached.size).toBe(graph.nodes.length)
})

test('of a list of values only those are looked for that are still possible', () => {
  const port = (comparison: object): object => ({ 'remote.port': comparison })
  const graph = graphOf(
    { match: port({ gt: 10 }), priority: 1 },
    { match: { any_of: [{ all_of: [port({ in: [5, 20, 30] }), host('a')] }, host('b')] } },
  )
  expect(visit(graph, { 'remote.port': 5, 'http.host': 'a' }).at(-2)).toMatchObject({ kind: 'fetch' })
  expect(graph.predicates.filter(({ field }) => field === 'remote.port')).toEqual([
    { op: 'gt', field: 'remote.port', value: 10 },
    { op: 'equals', field: 'remote.port', value: 5 },
  ])
})
