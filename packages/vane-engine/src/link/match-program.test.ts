import { expect, test } from 'vitest'
import type { SymbolicFlowGraph } from 'vane-core'
import { compile } from '../compile/compile.ts'
import { createMatchProgram, NOT_HERE } from './match-program.ts'

function graphOf(...rules: object[]): SymbolicFlowGraph {
  const written = rules.map((rule, index) => ({
    name: `r${index}`,
    listen: [':80'],
    terminate: { type: 'static', status: 200 },
    ...rule,
  }))
  const { graph, diagnostics } = compile({ files: [{ path: 'x.json', text: JSON.stringify({ rules: written }) }] })
  expect(diagnostics).toEqual([])
  return graph!
}

test('what finds the rule is in the program, what needs a body or does something is not', () => {
  const graph = graphOf(
    { match: { 'http.host': { equals: 'a' } } },
    { match: [{ 'http.uri.path': { contains: 'x' } }, { 'http.body': { contains: 'y' } }] },
    { match: [{ 'http.uri.path': { contains: 'x' } }, { 'http.body': { contains: 'z' } }] },
  )
  const { starts } = createMatchProgram(graph)
  const inside = graph.nodes.map((node, index) => [
    starts[index] !== NOT_HERE,
    node.kind === 'check' && node.collectBodyBefore === undefined,
  ])
  expect(inside.map(([is]) => is)).toEqual(inside.map(([, should]) => should))
  expect(inside.flat()).toContain(true)
  expect(graph.nodes.some((node) => node.kind === 'check' && node.collectBodyBefore !== undefined)).toBe(true)
})

test('tests that lead in a circle are refused, and end', () => {
  const graph = graphOf({ match: [{ 'http.host': { contains: 'a' } }, { 'http.uri.path': { contains: 'x' } }] })
  const [first, second] = graph.nodes.flatMap((node, index) => (node.kind === 'check' ? [index] : []))
  // oxlint-disable-next-line typescript/no-explicit-any -- a graph is broken the way a foreign tool would: past its types
  const broken: any = structuredClone(graph)
  broken.nodes[second!].onMatch = first
  expect(() => createMatchProgram(broken)).toThrow(/leads back to itself/)
})
