import { expect, test } from 'vitest'
import type { Node, SymbolicFlowGraph } from 'vane-core'
import { compile, validate } from '../compile.ts'

/** A healthy graph, to be broken. */
function healthy(): SymbolicFlowGraph {
  const rules = [
    {
      name: 'a',
      listen: [':80'],
      match: { 'http.host': { equals: 'a' } },
      middleware_chain: [{ use: 'forward_client_ip', on_error: { response: { status: 500 } } }],
      terminate: { type: 'static', status: 200 },
    },
    { name: 'b', listen: [':80'], match: { 'remote.port': { equals: 1 } }, terminate: { type: 'close' } },
  ]
  const { graph, diagnostics } = compile({ files: [{ path: 'x.json', text: JSON.stringify({ rules }) }] })
  expect(diagnostics).toEqual([])
  return graph!
}

// oxlint-disable-next-line typescript/no-explicit-any -- a graph is broken the way a foreign tool would: past its types
type Broken = any
type At = (kind: Node['kind']) => number

function broken(change: (graph: Broken, at: At) => void): SymbolicFlowGraph {
  const graph = structuredClone(healthy())
  change(graph, (kind) => graph.nodes.findIndex((node) => node.kind === kind))
  return graph
}

test('a compiled graph is valid', () => {
  expect(validate(healthy())).toEqual([])
})

test.each<[string, (graph: Broken, at: At) => void, RegExp]>([
  [
    'an L7 check before upgrade',
    (graph, at) => (graph.entries['tcp::80'] = graph.nodes[at('upgrade')].next),
    /check \(l7-header\) is illegal in phase l4Raw/,
  ],
  [
    'a second upgrade',
    (graph, at) => (graph.nodes[at('check')].onMatch = at('upgrade')),
    /upgrade is illegal in phase l7Request/,
  ],
  [
    'a response written without a fetch',
    (graph, at) => (graph.nodes[at('middleware')].next = graph.nodes[at('fetch')].nextResponse),
    /terminate \(writeHttpResponse\) is illegal in phase l7Request/,
  ],
  [
    'a fetch after a fetch',
    (graph, at) => (graph.nodes[at('fetch')].nextResponse = at('middleware')),
    /middleware \(l7-request\) is illegal in phase l7Response/,
  ],
  [
    'a tunnel out of a response',
    (graph) => (graph.terminators = graph.terminators.map(() => 'byteTunnel')),
    /terminate \(byteTunnel\) is illegal/,
  ],
  ['an entry that leads nowhere', (graph) => (graph.entries['tcp::80'] = 99), /node 99: there is no such node/],
  [
    'a dangling edge',
    (graph, at) => (graph.nodes[at('middleware')].next = -1),
    /of rule "a": its edge next leads to node -1/,
  ],
  [
    'a dangling case',
    (graph, at) =>
      graph.nodes.splice(at('upgrade'), 1, {
        kind: 'upgrade',
        next: graph.nodes.push({ kind: 'dispatch', field: 'http.host', cases: [['a', 77]], default: 0 }) - 1,
      }),
    /its edge case leads to node 77/,
  ],
  [
    'a dangling predicate',
    (graph, at) => (graph.nodes[at('check')].predicate = 9),
    /names predicate 9, which does not exist/,
  ],
  ['a dangling middleware', (graph) => (graph.middlewares = []), /of rule "a": it names middleware 0/],
  ['a dangling fetch', (graph) => (graph.fetches = []), /names fetch \d, which does not exist/],
  ['a dangling terminator', (graph) => (graph.terminators = []), /names terminator \d, which does not exist/],
  [
    'a fetch whose response goes nowhere',
    (graph) => {
      for (const node of graph.nodes) delete node.nextResponse
    },
    /edge nextResponse is missing, so that a path ends nowhere/,
  ],
  [
    'an edge a node cannot have',
    (graph, at) => (graph.nodes[at('fetch')].nextTunnel = 0),
    /fetch has no edge nextTunnel/,
  ],
  [
    'a cycle',
    (graph, at) => (graph.nodes[at('middleware')].next = at('middleware')),
    /the path from "tcp::80" comes back to it/,
  ],
  [
    'a candidate of which nothing is chosen',
    (graph, at) => {
      const upgrade = graph.nodes[at('upgrade')]
      upgrade.next = graph.nodes.push({ kind: 'candidate', place: 0, onWin: upgrade.next, next: upgrade.next }) - 1
    },
    /a middleware stands between a candidate and the choice/,
  ],
  [
    'a candidate before upgrade',
    (graph) => {
      const entry = graph.entries['tcp::80']
      graph.entries['tcp::80'] = graph.nodes.push({ kind: 'candidate', place: 0, onWin: entry, next: entry }) - 1
    },
    /a candidate is illegal in phase l4Raw/,
  ],
  [
    'a body that is collected before a choice',
    (graph, at) => {
      const check = at('check')
      Object.assign(graph.nodes[check], { collectBodyBefore: 'request', bodyLimit: 1 })
      const upgrade = graph.nodes[at('upgrade')]
      const { onMatch } = graph.nodes[check]
      upgrade.next = graph.nodes.push({ kind: 'candidate', place: 0, onWin: onMatch, next: check }) - 1
    },
    /it needs a body between a candidate and the choice/,
  ],
  [
    'a choice that leads nowhere',
    (graph, at) => (graph.nodes[at('upgrade')].next = graph.nodes.push({ kind: 'choose', default: 99 }) - 1),
    /its edge default leads to node 99/,
  ],
  [
    'a cycle of two',
    (graph, at) => (graph.nodes[at('middleware')].next = graph.nodes[at('upgrade')].next),
    /comes back to it/,
  ],
])('refuses %s', (_name, change, message) => {
  const diagnostics = validate(broken(change))
  expect(diagnostics).not.toEqual([])
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(diagnostics.map(() => 'invalid-graph'))
  expect(diagnostics.map((diagnostic) => diagnostic.message).join('\n')).toMatch(message)
})

test('where a chosen rule begins is past the choice', () => {
  const graph = broken((changed, at) => {
    const upgrade = changed.nodes[at('upgrade')]
    const choose = changed.nodes.push({ kind: 'choose', default: upgrade.next }) - 1
    upgrade.next =
      changed.nodes.push({ kind: 'candidate', place: 0, onWin: changed.nodes[at('check')].onMatch, next: choose }) - 1
  })
  expect(validate(graph)).toEqual([])
})

test('a chain of a hundred thousand checks is walked without recursion', () => {
  const graph = broken((changed, at) => {
    const upgrade = changed.nodes[at('upgrade')]
    for (let index = 0; index < 100_000; index++) {
      const next = upgrade.next
      upgrade.next = changed.nodes.push({ kind: 'check', predicate: 0, onMatch: next, onMiss: next }) - 1
    }
  })
  expect(validate(graph)).toEqual([])
})
