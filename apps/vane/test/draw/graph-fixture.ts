import fc from 'fast-check'
import { DEFAULT_RETRY } from 'vane-core'
import type {
  FetchId,
  FetchSpec,
  FieldPredicate,
  MiddlewareId,
  Node,
  NodeId,
  PluginKind,
  PredicateId,
  SourceSpan,
  SymbolicFlowGraph,
  SymbolicMiddleware,
  TerminatorId,
  TerminatorKind,
} from 'vane-core'

const SPAN: SourceSpan = { file: 'rules/10-app.json', offset: 0, length: 1, line: 7, column: 3 }
const TERMINATORS: readonly TerminatorKind[] = ['writeHttpResponse', 'byteTunnel', 'close']

/** Builds a symbolic graph node by node; every method answers the new node's id. */
export class GraphFixture {
  readonly nodes: Node[] = []
  readonly nodeRules: (string | null)[] = []
  readonly predicates: FieldPredicate[] = []
  readonly middlewares: SymbolicMiddleware[] = []
  readonly fetches: { spec: FetchSpec; rule: string; source: SourceSpan }[] = []
  readonly entries: Record<string, NodeId> = {}

  add(node: Node, rule: string | null = null): NodeId {
    this.nodeRules.push(rule)
    return (this.nodes.push(node) - 1) as NodeId
  }

  end(kind: TerminatorKind = 'writeHttpResponse', cause?: 'unmatched' | 'on-error'): NodeId {
    return this.add({
      kind: 'terminate',
      id: TERMINATORS.indexOf(kind) as TerminatorId,
      ...(cause === undefined ? {} : { cause }),
    })
  }

  check(test: FieldPredicate, onMatch: number, onMiss: number): NodeId {
    const predicate = (this.predicates.push(test) - 1) as PredicateId
    return this.add({ kind: 'check', predicate, onMatch: onMatch as NodeId, onMiss: onMiss as NodeId })
  }

  dispatch(field: string, cases: readonly (readonly [string, number])[], otherwise: number): NodeId {
    const typed = cases.map(([value, to]): [string, NodeId] => [value, to as NodeId])
    return this.add({ kind: 'dispatch', field, lookup: 'equals', cases: typed, default: otherwise as NodeId })
  }

  middleware(name: string, next: number, more: { kind?: PluginKind; onError?: number; rule?: string } = {}): NodeId {
    const rule = more.rule ?? 'app'
    const [stem, exported] = name.split(':')
    const id = (this.middlewares.push({
      name,
      args: { a: name },
      meta: { kind: more.kind ?? 'l7-request', stateless: true, needsBody: false, inspects: [] },
      ...(exported === undefined ? {} : { plugin: { path: `/etc/vane/wasm/${stem}.wasm`, export: exported } }),
      rule,
      source: SPAN,
    }) - 1) as MiddlewareId
    const onError = more.onError === undefined ? {} : { onError: more.onError as NodeId }
    return this.add({ kind: 'middleware', id, next: next as NodeId, ...onError }, rule)
  }

  fetch(rule: string, nextResponse: number, upstream: string = '127.0.0.1'): NodeId {
    const id = (this.fetches.push({ spec: proxyTo(upstream), rule, source: SPAN }) - 1) as FetchId
    return this.add({ kind: 'fetch', id, nextResponse: nextResponse as NodeId }, rule)
  }

  respond(rule: string, status: number, nextResponse: number): NodeId {
    const spec: FetchSpec = { type: 'static', response: { status, headers: [], body: '' } }
    const id = (this.fetches.push({ spec, rule, source: SPAN }) - 1) as FetchId
    return this.add({ kind: 'fetch', id, nextResponse: nextResponse as NodeId }, rule)
  }

  upgrade(next: number): NodeId {
    return this.add({ kind: 'upgrade', next: next as NodeId })
  }

  listen(key: string, entry: number): this {
    this.entries[key] = entry as NodeId
    return this
  }

  graph(): SymbolicFlowGraph {
    const rules = [...new Set(this.nodeRules.filter((rule) => rule !== null))]
    const meta = { transport: 'tcp', address: { kind: 'any', port: 1 }, kind: 'http', needsPeek: false, rules } as const
    return {
      nodes: this.nodes,
      predicates: this.predicates,
      middlewares: this.middlewares,
      fetches: this.fetches,
      terminators: TERMINATORS,
      entries: this.entries,
      nodeRules: this.nodeRules,
      meta: {
        versionHash: '0123456789abcdef'.repeat(4),
        sourceFiles: ['rules/10-app.json'],
        listeners: Object.fromEntries(Object.keys(this.entries).map((key) => [key, meta])),
        ruleSources: {},
        comparisons: [],
      },
    }
  }
}

/** `http.uri.path` under a prefix. */
export function under(path: string): FieldPredicate {
  return { op: 'path_prefix', field: 'http.uri.path', value: path }
}

/** A listener that looks the host up: `count` hosts, each with a rule of its own. */
export function manyHosts(count: number): SymbolicFlowGraph {
  const fixture = new GraphFixture()
  const end = fixture.end()
  const unmatched = fixture.end('close', 'unmatched')
  const cases = Array.from({ length: count }, (_, at): [string, number] => [
    `h${at}.test`,
    fixture.fetch(`rule-${at}`, end),
  ])
  return fixture.listen('tcp::8080', fixture.upgrade(fixture.dispatch('http.host', cases, unmatched))).graph()
}

/** Legal graphs of all node kinds, with names of any characters at all. */
export function anyGraph(): fc.Arbitrary<SymbolicFlowGraph> {
  const step = fc.record({
    kind: fc.nat(6),
    a: fc.nat(1_000),
    b: fc.nat(1_000),
    name: fc.string({ unit: 'binary', maxLength: 12 }),
  })
  return fc
    .record({
      steps: fc.array(step, { maxLength: 40 }),
      keys: fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 3 }),
    })
    .map(({ steps, keys }) => {
      const fixture = new GraphFixture()
      const responses = [fixture.end()]
      const requests = [fixture.end('close', 'unmatched')]
      const raw: NodeId[] = [fixture.end('close')]
      const pick = (ids: readonly NodeId[], at: number): NodeId => ids[at % ids.length]!
      for (const { kind, a, b, name } of steps) {
        if (kind === 0)
          responses.push(fixture.middleware(name, pick(responses, a), { kind: 'l7-response', rule: name }))
        if (kind === 1) requests.push(fixture.fetch(name, pick(responses, a), name))
        if (kind === 2)
          requests.push(
            fixture.check(
              { op: 'equals', field: `http.header.${name}`, value: name },
              pick(requests, a),
              pick(requests, b),
            ),
          )
        if (kind === 3)
          requests.push(
            fixture.dispatch(
              'http.host',
              [
                [name, pick(requests, a)],
                [`${name}2`, pick(requests, b)],
              ],
              pick(requests, a + b),
            ),
          )
        if (kind === 4)
          requests.push(fixture.middleware(`${name}:x`, pick(requests, a), { onError: pick(requests, b), rule: name }))
        if (kind === 5) raw.push(fixture.upgrade(pick(requests, a)))
        if (kind === 6)
          raw.push(
            fixture.check(
              { op: 'in', field: 'remote.ip', value: [name, 'b', 'c', 'd', 'e'] },
              pick(raw, a),
              pick(raw, b),
            ),
          )
      }
      raw.push(fixture.upgrade(requests.at(-1)!))
      keys.forEach((key, at) => fixture.listen(`tcp:${key}`, pick(raw, raw.length - 1 - at + raw.length)))
      return fixture.graph()
    })
}

/** Graphs whose edges lead anywhere: in circles, back over phases, to nodes that do not exist. */
export function brokenGraph(): fc.Arbitrary<SymbolicFlowGraph> {
  const edge = fc.integer({ min: -1, max: 12 })
  const node = fc.record({ kind: fc.nat(6), a: edge, b: edge })
  return fc.array(node, { maxLength: 12 }).map((nodes) => {
    const fixture = new GraphFixture()
    for (const { kind, a, b } of nodes) {
      if (kind === 0) fixture.check(under('/x'), a, b)
      if (kind === 1)
        fixture.dispatch(
          'http.host',
          [
            ['a', a],
            ['b', b],
          ],
          a,
        )
      if (kind === 2) fixture.middleware('m', a, { onError: b })
      if (kind === 3) fixture.upgrade(a)
      if (kind === 4) fixture.fetch('r', a)
      if (kind === 5) fixture.add({ kind: 'terminate', id: 9 as TerminatorId })
      if (kind === 6)
        fixture.add({ kind: 'check', predicate: 99 as PredicateId, onMatch: a as NodeId, onMiss: b as NodeId })
    }
    return fixture.listen('tcp::1', 0).listen('tcp::2', 3).graph()
  })
}

function proxyTo(host: string): FetchSpec {
  return {
    type: 'http_proxy',
    upstream: { kind: 'tcp', host, port: 9000 },
    version: 'auto',
    tls: undefined,
    dns: undefined,
    retry: DEFAULT_RETRY,
    timeouts: { connectMs: 1, firstByteMs: 1, idleMs: 1, totalMs: undefined },
    host: 'preserve',
  }
}
