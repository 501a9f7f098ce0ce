import type { FieldPredicate, MiddlewareMeta, Node, SymbolicFlowGraph, SymbolicMiddleware } from 'vane-core'
import { expect, test } from 'vitest'
import { comparesPaths, toComparedPath } from './compared-path.ts'

test.each([
  ['/caf%C3%A9/%61', '/café/a'],
  ['/%E9', '/\\x{E9}'],
  ['/a/../b', undefined],
])('of %s, rules see %s', (wire, seen) => expect(toComparedPath(wire)).toBe(seen))

interface Parts {
  readonly predicates?: readonly FieldPredicate[]
  readonly nodes?: readonly Partial<Node>[]
  readonly middlewares?: readonly (Partial<SymbolicMiddleware> & { readonly inspects?: readonly string[] })[]
}

function compares({ predicates = [], nodes = [], middlewares = [] }: Parts): boolean {
  const meta = (inspects: readonly string[] = []): MiddlewareMeta => ({
    kind: 'l7-request',
    stateless: true,
    needsBody: false,
    inspects,
  })
  const graph = { predicates, nodes, middlewares: middlewares.map((each) => ({ ...each, meta: meta(each.inspects) })) }
  return comparesPaths(graph as unknown as SymbolicFlowGraph)
}

test.each<[string, Parts, boolean]>([
  ['nothing', {}, false],
  ['a comparison', { predicates: [{ field: 'http.uri.path', op: 'equals', value: '/' }] }, true],
  ['a comparison of something else', { predicates: [{ field: 'http.uri.query', op: 'equals', value: '/' }] }, false],
  ['a look-up', { nodes: [{ kind: 'dispatch', field: 'http.uri.path' }] }, true],
  ['a look-up of something else', { nodes: [{ kind: 'dispatch', field: 'http.host' }] }, false],
  ['a plugin that asks for it', { middlewares: [{ name: 'p:x', inspects: ['http.uri.path'] }] }, true],
  ['a plugin that does not', { middlewares: [{ name: 'p:x', inspects: ['conn.id'] }] }, false],
  ['the built-in path_prefix', { middlewares: [{ name: 'path_prefix' }] }, true],
])('with %s, whether paths are compared', (_what, parts, expected) => expect(compares(parts)).toBe(expected))
