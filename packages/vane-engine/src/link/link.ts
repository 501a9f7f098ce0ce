import type { Diagnostic, Node, SourceSpan, SymbolicFlowGraph } from 'vane-core'
import { VaneError } from 'vane-core'
import type { Fetch, Middleware } from '../executor/flow.ts'
import { createFetch, type FetchContext } from '../fetch/registry.ts'
import { createMiddleware, type MiddlewareContext } from '../middleware/registry.ts'
import { LinkedGraph } from './linked-graph.ts'
import {
  LinkedNode,
  OP_CHECK,
  OP_CLOSE,
  OP_FETCH,
  OP_MATCH,
  OP_MIDDLEWARE,
  OP_UPGRADE,
  OP_WRITE_RESPONSE,
} from './linked-node.ts'
import { createMatchProgram } from './match-program.ts'
import { createPredicateTest } from './predicate-test.ts'
import { findUnsupported } from './unsupported.ts'

/** What linking draws on. */
export type LinkContext = FetchContext & MiddlewareContext

/** The live parts of a graph, index for index with the symbolic ones. */
interface Parts {
  readonly middlewares: readonly Middleware[]
  readonly fetches: readonly Fetch[]
}

/**
 * Makes a symbolic graph runnable: resolves middleware, fetches, plugin call sites and predicates.
 *
 * @throws VaneError of kind `compile` that names rule, file and line; what was made until then is given back.
 */
export async function link(symbolic: SymbolicFlowGraph, context: LinkContext): Promise<LinkedGraph> {
  const middlewares: Middleware[] = []
  const fetches: Fetch[] = []
  refuseUnsupported(symbolic)
  try {
    for (const entry of symbolic.middlewares) {
      const what = `middleware ${JSON.stringify(entry.name)}`
      middlewares.push(await attributed(entry, what, () => createMiddleware(entry, context)))
    }
    for (const entry of symbolic.fetches) {
      fetches.push(await attributed(entry, `fetch ${entry.spec.type}`, () => createFetch(entry.spec, context)))
    }
    const nodes = symbolic.nodes.map((node, index) =>
      linkNode(symbolic, { middlewares, fetches }, { node, rule: symbolic.nodeRules[index] ?? null }),
    )
    return new LinkedGraph(symbolic, { nodes, matching: createMatchProgram(symbolic) }, [...middlewares, ...fetches])
  } catch (error) {
    for (const part of [...middlewares, ...fetches]) part.dispose?.()
    throw error
  }
}

function refuseUnsupported(symbolic: SymbolicFlowGraph): void {
  const missing = findUnsupported(symbolic)
  const [first] = missing
  if (first === undefined) return
  const { file = '', line = 0 } = first.span ?? {}
  throw new VaneError({ kind: 'compile' }, missing.map(sentence).join('\n'), { context: { file, line } })
}

function sentence({ message, span }: Diagnostic): string {
  return span === undefined ? message : `${message} (${span.file}:${span.line}:${span.column})`
}

/** Runs one step and, where it fails, says whose it was. */
async function attributed<T>(
  owner: { readonly rule: string; readonly source: SourceSpan },
  what: string,
  step: () => T | Promise<T>,
): Promise<T> {
  try {
    return await step()
  } catch (error) {
    const { file, line, column } = owner.source
    const reason = error instanceof Error ? error.message : String(error)
    throw new VaneError(
      { kind: 'compile' },
      `rule ${JSON.stringify(owner.rule)} (${file}:${line}:${column}): ${what}: ${reason}`,
      { cause: error, context: { rule: owner.rule, file, line } },
    )
  }
}

function linkNode(
  graph: SymbolicFlowGraph,
  parts: Parts,
  { node, rule }: { readonly node: Node; readonly rule: string | null },
): LinkedNode {
  switch (node.kind) {
    case 'check': {
      // Any other runs in the program.
      if (node.collectBodyBefore === undefined) return new LinkedNode(OP_MATCH, node.kind, rule)
      const linked = withBody(new LinkedNode(OP_CHECK, node.kind, rule), node)
      const predicate = at(graph.predicates, node.predicate, 'predicate')
      linked.test = createPredicateTest(predicate)
      if (linked.test === undefined) throw unable(rule, `predicate ${predicate.field} ${predicate.op}`)
      linked.onMatch = node.onMatch
      linked.next = node.onMiss
      return linked
    }
    case 'dispatch':
    case 'candidate':
    case 'choose':
      return new LinkedNode(OP_MATCH, node.kind, rule)
    case 'middleware': {
      const linked = withBody(new LinkedNode(OP_MIDDLEWARE, node.kind, rule), node)
      linked.name = at(graph.middlewares, node.id, 'middleware').name
      linked.middleware = at(parts.middlewares, node.id, 'middleware')
      linked.next = node.next
      if (node.onError !== undefined) linked.onError = node.onError
      return linked
    }
    case 'upgrade': {
      // Only rules that forward bytes make it worth looking whether a connection speaks HTTP at all.
      if (node.otherwise !== undefined) throw unable(rule, 'way to forward what does not speak HTTP')
      const linked = new LinkedNode(OP_UPGRADE, node.kind, rule)
      linked.next = node.next
      return linked
    }
    case 'fetch': {
      const linked = withBody(new LinkedNode(OP_FETCH, node.kind, rule), node)
      linked.name = at(graph.fetches, node.id, 'fetch').spec.type
      linked.fetch = at(parts.fetches, node.id, 'fetch')
      if (node.nextResponse !== undefined) linked.next = node.nextResponse
      return linked
    }
    case 'terminate': {
      const terminator = at(graph.terminators, node.id, 'terminator')
      if (terminator === 'byteTunnel') throw unable(rule, 'terminator byteTunnel')
      const linked = new LinkedNode(terminator === 'close' ? OP_CLOSE : OP_WRITE_RESPONSE, node.kind, rule)
      linked.unmatched = node.cause === 'unmatched'
      return linked
    }
  }
}

function withBody(linked: LinkedNode, node: Extract<Node, { kind: 'check' | 'middleware' | 'fetch' }>): LinkedNode {
  linked.collect = node.collectBodyBefore
  linked.bodyLimitBytes = node.bodyLimit ?? Infinity
  return linked
}

function at<T>(list: readonly T[], index: number, what: string): T {
  const item = list[index]
  if (item === undefined) throw new VaneError({ kind: 'internal' }, `graph without the ${what} ${index} it refers to`)
  return item
}

function unable(rule: string | null, what: string): VaneError {
  const whose = rule === null ? 'several rules' : `rule ${JSON.stringify(rule)}`
  return new VaneError({ kind: 'compile' }, `${whose}: this version of the engine has no ${what}`)
}
