import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, type MiddlewareMeta, type SymbolicFlowGraph } from 'vane-core'
import { BUILTIN_MIDDLEWARE, compile, type MetadataProvider } from 'vane-engine/compile'

const meta: MiddlewareMeta = { kind: 'l7-request', stateless: true, needsBody: false, inspects: [] }
const PLUGINS: Readonly<Record<string, MiddlewareMeta>> = {
  request: meta,
  stateful: { ...meta, stateless: false },
  body: { ...meta, needsBody: true },
  response: { ...meta, kind: 'l7-response' },
  'response-body': { ...meta, kind: 'l7-response', needsBody: true },
  peek: { ...meta, kind: 'l4-peek' },
}
const middleware: MetadataProvider = {
  builtins: BUILTIN_MIDDLEWARE,
  plugin: ({ stem, exportName }) => {
    const found = PLUGINS[exportName]
    return stem === 'p' && found !== undefined
      ? { path: '/wasm/p.wasm', meta: found }
      : { problem: { code: 'unknown-export', message: 'it has no such export', suggestion: 'did you mean "request"?' } }
  },
}

const base = { name: 'a', listen: [':80'], terminate: { type: 'static', status: 200 } }
const uses = (...exports: string[]): object[] => exports.map((name) => ({ use: `p:${name}` }))

function result(rules: readonly object[]): ReturnType<typeof compile> {
  const text = JSON.stringify({ rules: rules.map((rule) => ({ ...base, ...rule })) }, null, 2)
  return compile({ files: [{ path: 'rules/x.json', text }], middleware })
}

function graphOf(...rules: object[]): SymbolicFlowGraph {
  const { graph, diagnostics } = result(rules)
  expect(diagnostics.filter(({ code }) => code !== 'unreachable-rule')).toEqual([])
  return graph!
}

/** The chain of a graph with one rule: its nodes from the entry on, along `next` and `nextResponse`. */
function chainOf(graph: SymbolicFlowGraph): SymbolicFlowGraph['nodes'][number][] {
  const chain = []
  for (let id = graph.entries['tcp::80']; id !== undefined;) {
    const node = graph.nodes[id]!
    chain.push(node)
    id = 'next' in node ? node.next : node.kind === 'fetch' ? node.nextResponse : undefined
  }
  return chain
}

test('a rule becomes upgrade, request middleware, fetch, response middleware, response', () => {
  const graph = graphOf({ middleware_chain: [...uses('response', 'request'), { use: 'forward_client_ip' }] })
  expect(
    chainOf(graph).map((node) => (node.kind === 'middleware' ? graph.middlewares[node.id]!.name : node.kind)),
  ).toEqual(['upgrade', 'p:request', 'forward_client_ip', 'fetch', 'p:response', 'terminate'])
  expect(graph.fetches).toMatchObject([
    { spec: { type: 'static' }, rule: 'a', source: { file: 'rules/x.json', line: 8 } },
  ])
  expect(graph.middlewares.find(({ name }) => name === 'p:request')).toMatchObject({
    plugin: { path: '/wasm/p.wasm', export: 'request' },
    rule: 'a',
  })
  expect(graph.meta).toMatchObject({
    sourceFiles: ['rules/x.json'],
    listeners: {
      'tcp::80': { transport: 'tcp', address: { kind: 'any', port: 80 }, kind: 'http', needsPeek: false, rules: ['a'] },
    },
  })
})

test('a body is collected before the first step that sees it, in each direction by itself', () => {
  const graph = graphOf({
    middleware_chain: uses('request', 'body', 'body', 'response', 'response-body', 'response-body'),
    max_body_bytes_request: 10,
    max_body_bytes_response: 20,
  })
  const marks = chainOf(graph)
    .filter((node) => node.kind === 'middleware')
    .map((node) => [node.collectBodyBefore, node.bodyLimit])
  const none = [undefined, undefined]
  expect(marks).toEqual([none, ['request', 10], none, none, ['response', 20], none])
})

test('stateless middleware is shared by value, stateful middleware and fetches never are', () => {
  const chain = [
    ...uses('request', 'stateful'),
    { use: 'p:request', args: { a: 1, b: 2 } },
    { use: 'p:request', args: { b: 2, a: 1 } },
  ]
  const graph = graphOf(
    { middleware_chain: chain },
    { name: 'b', match: { 'http.host': { equals: 'b' } }, middleware_chain: chain },
  )
  expect(graph.middlewares.map(({ name, args }) => `${name} ${canonicalJson(args)}`).toSorted()).toEqual([
    'p:request {"a":1,"b":2}',
    'p:request {}',
    'p:stateful {}',
    'p:stateful {}',
  ])
  expect(graph.fetches).toHaveLength(2)
})

test('a rule on two listeners is one call site', () => {
  const graph = graphOf({ listen: [':80', ':81'], middleware_chain: uses('stateful') })
  expect(graph.middlewares).toHaveLength(1)
  expect(graph.fetches).toHaveLength(1)
  expect(graph.entries['tcp::81']).toBe(graph.entries['tcp::80'])
})

test('equal predicates are one, whatever rules they stand in', () => {
  const one = { 'http.header.x': { in: ['1', '2'] } }
  const graph = graphOf(
    { match: { any_of: [one, { 'remote.port': { equals: 1 } }] } },
    { name: 'b', match: { not: one } },
  )
  expect(graph.predicates).toHaveLength(2)
})

test('on_error leads to a response of its own, in request and response middleware, or to a close', () => {
  const onError = { response: { status: 503, body: 'later' } }
  const graph = graphOf({
    middleware_chain: [
      { use: 'p:request', on_error: onError },
      { use: 'p:stateful', on_error: 'close' },
      { use: 'p:response', on_error: onError },
      { use: 'p:response-body' },
    ],
  })
  const failures = chainOf(graph).flatMap((node) => (node.kind === 'middleware' ? [node.onError] : []))
  const [first, second, third, fourth] = failures.map((id) => (id === undefined ? undefined : graph.nodes[id]))
  expect(first).toMatchObject({ kind: 'fetch' })
  expect(second).toMatchObject({ kind: 'terminate', cause: 'on-error' })
  expect(third).toMatchObject({ kind: 'fetch' })
  expect(fourth).toBeUndefined()
  const synthesized = graph.fetches.filter((fetch) => fetch.spec.type === 'synthesize')
  expect(synthesized).toHaveLength(2)
  expect(synthesized[0]).toMatchObject({ spec: { response: { status: 503, headers: [], body: 'later' } } })
  // It goes straight to the writing: what failed may not see its own failure.
  expect(graph.nodes[first!.kind === 'fetch' ? first!.nextResponse! : -1]).toMatchObject({ kind: 'terminate' })
})

test('the nodes of a rule name it, shared ones name nobody', () => {
  const graph = graphOf({ match: { 'http.host': { equals: 'a' } } })
  const named = graph.nodes.flatMap((node, id) =>
    graph.nodeRules[id] === null ? [] : [[node.kind, graph.nodeRules[id]]],
  )
  expect(named).toEqual([['fetch', 'a']])
  expect(graph.nodeRules).toHaveLength(graph.nodes.length)
})

test('closes by address that stand first come before upgrade, later ones after it', () => {
  const blocked = { name: 'block', match: { 'remote.ip': { cidr: '10.0.0.0/8' } }, terminate: { type: 'close' } }
  const early = graphOf({}, { ...blocked, priority: 1 })
  expect(early.nodes[early.entries['tcp::80']!]).toMatchObject({ kind: 'check' })
  // Rules that look deeper go first: the close waits for them.
  const late = graphOf({ match: { 'http.host': { equals: 'a' } } }, blocked)
  expect(late.nodes[late.entries['tcp::80']!]).toMatchObject({ kind: 'upgrade' })
  expect(early.meta.listeners['tcp::80']?.kind).toBe('http')
})

test('a listener on which nothing needs HTTP is raw', () => {
  const graph = graphOf({ match: { 'remote.ip': { cidr: '10.0.0.0/8' } }, terminate: { type: 'close' } })
  expect(graph.meta.listeners['tcp::80']?.kind).toBe('raw')
  expect(graph.nodes.map((node) => node.kind)).not.toContain('upgrade')
  const withHttp = graphOf({ match: { 'http.host': { equals: 'a' } }, terminate: { type: 'close' } })
  expect(withHttp.meta.listeners['tcp::80']?.kind).toBe('http')
})

test('rules on one listener are ordered by priority, level, predicates, name', () => {
  const host = (value: string): object => ({ 'http.host': { equals: value } })
  const ip = { 'remote.ip': { equals: '1.2.3.4' } }
  const graph = graphOf(
    { name: 'z' },
    { name: 'a' },
    { name: 'ip3', match: [ip, ip, ip] },
    { name: 'host1', match: host('a') },
    { name: 'host2', match: { any_of: [host('a'), { not: host('b') }] } },
    { name: 'low', priority: -1, match: [host('a'), host('b'), host('c')] },
    { name: 'high', priority: 1 },
  )
  expect(graph.meta.listeners['tcp::80']?.rules).toEqual(['high', 'host2', 'host1', 'ip3', 'a', 'z', 'low'])
})

test('a graph survives JSON and a structured clone', () => {
  const graph = graphOf({ terminate: { type: 'http_proxy', upstream: 'a:1' }, middleware_chain: uses('request') })
  expect(JSON.parse(JSON.stringify(graph))).toEqual(graph)
  expect(structuredClone(graph)).toEqual(graph)
})

test.each<[string, object, object]>([
  [
    'an unknown middleware',
    { middleware_chain: [{ use: 'forward_clientip' }] },
    { code: 'unknown-middleware', span: { line: 14, column: 18 }, suggestion: 'did you mean "forward_client_ip"?' },
  ],
  [
    'a built-in without the arguments it needs',
    { middleware_chain: [{ use: 'rate_limit', args: { burst: 1 } }] },
    { code: 'missing-key', message: 'the args of rate_limit needs the key "rate"', span: { line: 15, column: 19 } },
  ],
  [
    'arguments a built-in does not have',
    { middleware_chain: [{ use: 'forward_client_ip', args: { trusted: [] } }] },
    { code: 'unknown-key', span: { line: 16, column: 13 }, path: 'rules[0].middleware_chain[0].args.trusted' },
  ],
  [
    'arguments of the wrong form',
    { middleware_chain: [{ use: 'forward_client_ip', args: { trusted_proxies: ['10.0.0.1'] } }] },
    { code: 'invalid-network', span: { line: 17, column: 15 }, suggestion: 'write "10.0.0.1/32"' },
  ],
  [
    'a plugin that cannot be used',
    { middleware_chain: [{ use: 'p:requst' }] },
    {
      code: 'unknown-export',
      message: 'rule "a" uses plugin "p:requst": it has no such export',
      span: { line: 14, column: 18 },
      suggestion: 'did you mean "request"?',
    },
  ],
  [
    'middleware on bytes where there are messages',
    { middleware_chain: uses('peek') },
    { code: 'misplaced-middleware', message: /speaks HTTP/, span: { line: 14, column: 18 } },
  ],
  [
    'response middleware where nothing responds',
    { terminate: { type: 'close' }, middleware_chain: uses('response') },
    { code: 'misplaced-middleware', span: { line: 13, column: 18 } },
  ],
  [
    'middleware on messages where there are bytes',
    { terminate: { type: 'tcp_forward', upstream: 'a:1' }, middleware_chain: uses('request') },
    { code: 'misplaced-middleware', message: /forwards bytes/, span: { line: 14, column: 18 } },
  ],
  [
    'middleware on bytes in a rule that is decided by HTTP',
    { terminate: { type: 'close' }, match: { 'http.host': { equals: 'a' } }, middleware_chain: uses('peek') },
    { code: 'misplaced-middleware', message: /is decided by HTTP/, span: { line: 18, column: 18 } },
  ],
])('refuses %s', (_name, rule, expected) => {
  const { graph, diagnostics } = result([rule])
  expect(graph).toBeUndefined()
  expect(diagnostics).toMatchObject([
    Object.fromEntries(
      Object.entries(expected).map(([key, value]) => [
        key,
        value instanceof RegExp ? (expect.stringMatching(value) as unknown) : value,
      ]),
    ),
  ])
})

test('without a provider, a plugin says which feature is missing', () => {
  const text = JSON.stringify({ rules: [{ ...base, middleware_chain: uses('request') }] })
  const { diagnostics } = compile({ files: [{ path: 'rules/x.json', text }] })
  expect(diagnostics).toMatchObject([
    {
      code: 'plugin-unavailable',
      message: 'rule "a" uses plugin "p:request": the `wasm` feature is off or not installed',
      span: { file: 'rules/x.json', line: 1 },
    },
  ])
})

test.each([
  [':80', '127.0.0.1:80', true],
  [':80', '[::1]:80', true],
  ['0.0.0.0:80', '127.0.0.1:80', true],
  ['0.0.0.0:80', ':80', true],
  ['[::]:80', '0.0.0.0:80', false],
  ['[::]:80', '127.0.0.1:80', false],
  ['127.0.0.1:80', '127.0.0.2:80', false],
  [':80', ':81', false],
  [':80', 'unix:/run/x', false],
])('listeners %s and %s overlap: %s', (one, other, isOverlap) => {
  const { diagnostics } = result([{ listen: [one] }, { name: 'b', listen: [other] }])
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(isOverlap ? ['listen-overlap'] : [])
  if (!isOverlap) return
  const lines = [diagnostics[0]?.span?.line, diagnostics[0]?.related?.[0]?.span.line]
  expect(lines.toSorted()).toEqual([14, 4])
})

test('no rule at all is an error', () => {
  expect(compile({ files: [] }).diagnostics).toMatchObject([{ code: 'no-rules' }])
  expect(compile({ files: [{ path: 'a.json', text: '{ "rules": [] }' }] }).diagnostics).toMatchObject([
    { code: 'no-rules' },
  ])
})

test('the problems of all files and all stages come together, sorted', () => {
  const rule = (name: string, extra: object = {}): object => ({ ...base, name, ...extra })
  const { graph, diagnostics } = compile({
    files: [
      {
        path: 'rules/b.json',
        text: JSON.stringify({ rules: [rule('x', { middleware_chain: [{ use: 'nope' }] }), rule('y')] }),
      },
      { path: 'rules/c.json', text: '{' },
      { path: 'rules/a.json', text: JSON.stringify({ rules: [rule('y'), rule('z', { priority: 'high' })] }) },
    ],
  })
  expect(graph).toBeUndefined()
  expect(diagnostics.map(({ code, span }) => `${span?.file} ${code}`)).toEqual([
    'rules/a.json wrong-type',
    'rules/b.json unknown-middleware',
    'rules/b.json duplicate-rule',
    'rules/c.json syntax-error',
  ])
})

test('any files compile to a graph or to errors, never to a throw', () => {
  const piece = fc.constantFrom<unknown>(
    ':80',
    ':81',
    '127.0.0.1:80',
    'p:request',
    'p:response',
    'forward_client_ip',
    'close',
    'a',
    0,
    'a:1',
    { type: 'close' },
    { type: 'static', status: 200 },
    { type: 'http_proxy', upstream: 'a:1' },
    { 'http.host': { equals: 'a' } },
    { not: { 'remote.ip': { cidr: '10.0.0.0/8' } } },
    [],
    {},
    null,
    { use: 'p:body' },
    { use: 'forward_client_ip', args: { headers: [] } },
  )
  const some = fc.oneof(piece, fc.array(piece, { maxLength: 3 }))
  const rule = fc.record(
    {
      name: fc.constantFrom('a', 'b', 'c'),
      listen: fc.oneof({ weight: 9, arbitrary: fc.constant([':80']) }, { weight: 1, arbitrary: some }),
      match: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, some),
      middleware_chain: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, some),
      terminate: fc.oneof({ weight: 9, arbitrary: fc.constant({ type: 'close' }) }, { weight: 1, arbitrary: some }),
      priority: fc.constantFrom(0, 1),
    },
    { requiredKeys: ['name', 'listen', 'terminate'] },
  )
  const file = fc.array(rule, { maxLength: 3 }).map((rules) => JSON.stringify({ rules }))
  fc.assert(
    fc.property(fc.array(file, { minLength: 1, maxLength: 3 }), (texts) => {
      const files = texts.map((text, index) => ({ path: `rules/${index}.json`, text }))
      const { graph, diagnostics } = compile({ files, middleware })
      expect(graph === undefined).toBe(diagnostics.some((diagnostic) => diagnostic.severity === 'error'))
      // Nothing that parses may turn out to be a broken graph.
      expect(diagnostics.map((diagnostic) => diagnostic.code)).not.toContain('invalid-graph')
    }),
    { numRuns: 1_000 },
  )
})
