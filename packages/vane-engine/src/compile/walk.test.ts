import { expect, test } from 'vitest'
import type { DispatchNode, NodeId, SymbolicFlowGraph } from 'vane-core'
import { compile } from './compile.ts'
import { findCase, walk } from './walk.ts'

const rules = [
  { name: 'api', listen: [':80'], match: { 'http.host': { equals: 'a' } }, terminate: { type: 'static', status: 200 } },
  { name: 'www', listen: [':80'], match: { 'http.host': { equals: 'b' } }, terminate: { type: 'static', status: 200 } },
]
const graph: SymbolicFlowGraph = compile({ files: [{ path: 'x.json', text: JSON.stringify({ rules }) }] }).graph!

test('a walk tells each node, the way taken, what a look-up found, and which rule won', () => {
  const { steps, rule } = walk(graph, (field) => (field === 'http.host' ? 'b' : undefined), { listener: 'tcp::80' })!
  expect(rule).toBe('www')
  expect(steps.map(({ edge }) => edge)).toEqual(['next', 'case', 'nextResponse', undefined])
  expect(steps[1]?.found?.[0]).toBe('b')
  expect(steps.map(({ node }) => graph.nodes[node]!.kind)).toEqual(['upgrade', 'dispatch', 'fetch', 'terminate'])
})

test('a walk on which nothing matched has no rule', () => {
  const { steps, rule } = walk(graph, () => undefined, { listener: 'tcp::80' })!
  expect(rule).toBeNull()
  expect(graph.nodes[steps.at(-1)!.node]).toMatchObject({ cause: 'unmatched' })
})

test('what does not speak HTTP ends at an upgrade that leads nowhere else', () => {
  const { steps } = walk(graph, () => undefined, { listener: 'tcp::80', isHttp: false })!
  expect(steps).toEqual([{ node: graph.entries['tcp::80'] }])
})

test('there is no walk from a listener that does not exist', () => {
  expect(walk(graph, () => undefined, { listener: 'toString' })).toBeUndefined()
})

test('the longest case wins, a single value before any nest, a path before a prefix', () => {
  const node: DispatchNode = {
    kind: 'dispatch',
    field: 'http.uri.path',
    lookup: 'prefix',
    cases: [
      ['/a', 1 as NodeId, 'prefix'],
      ['/a', 2 as NodeId, 'path_prefix'],
      ['/a/b', 3 as NodeId, 'prefix'],
      ['/a/b', 4 as NodeId],
    ],
    default: 0 as NodeId,
  }
  const found = (value: string | undefined): number => findCase(node, value)?.[1] ?? node.default
  expect(['/a/b', '/a/bc', '/a/c', '/a', '/ab', '/', undefined].map(found)).toEqual([4, 3, 2, 2, 1, 0, 0])
})
