import type { Diagnostic, Node, SourceSpan, SymbolicFlowGraph } from 'vane-core'
import { VaneError } from 'vane-core'
import type { Fetch, Middleware } from '../executor/flow.ts'
import { createFetch, type FetchContext } from '../fetch/registry.ts'
import { createMiddleware, type MiddlewareContext } from '../middleware/registry.ts'
import { createAddressReader, createFieldReader } from './field-reader.ts'
import { LinkedGraph } from './linked-graph.ts'
import { linkListeners } from './linked-listener.ts'
import {
  LinkedNode,
  OP_CHECK,
  OP_CLOSE,
  OP_DISPATCH,
  OP_FETCH,
  OP_MIDDLEWARE,
  OP_UPGRADE,
  OP_WRITE_RESPONSE,
} from './linked-node.ts'
import { Lookups } from './lookup.ts'
import { createPredicateTest } from './predicate-test.ts'
import { findUnsupported } from './unsupported.ts'
import { linkTls, type TlsContext } from '../tls/link-tls.ts'
import { SystemRoots } from '../tls/system-roots.ts'
import { TicketKeys } from '../tls/ticket-keys.ts'
import { TlsFiles } from '../tls/tls-files.ts'

/** What linking draws on. */
export type LinkContext = Omit<FetchContext, 'identities'> &
  MiddlewareContext & {
    /** Without it, files are looked for in the working directory, and tickets are good for one graph. */
    readonly tls?: TlsContext
  }

/** The live parts of a graph, index for index with the symbolic ones. */
interface Parts {
  readonly middlewares: readonly Middleware[]
  readonly fetches: readonly Fetch[]
  readonly lookups: Lookups
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
  const tls = context.tls ?? createTlsContext()
  const { terminators, identities, warnings } = await linkTls(symbolic, tls)
  const listeners = linkListeners(symbolic, terminators)
  const filesDigest = await tls.files.digest()
  try {
    for (const entry of symbolic.middlewares) {
      const what = `middleware ${JSON.stringify(entry.name)}`
      middlewares.push(await attributed(entry, what, () => createMiddleware(entry, context)))
    }
    for (const entry of symbolic.fetches) {
      fetches.push(
        await attributed(entry, `fetch ${entry.spec.type}`, () => createFetch(entry.spec, { ...context, identities })),
      )
    }
    const lookups = new Lookups()
    const nodes = symbolic.nodes.map((node, index) =>
      linkNode(symbolic, { middlewares, fetches, lookups }, { node, rule: symbolic.nodeRules[index] ?? null }),
    )
    lookups.seal()
    const parts = { nodes, lookups, listeners, filesDigest, warnings }
    return new LinkedGraph(symbolic, parts, [...middlewares, ...fetches])
  } catch (error) {
    for (const part of [...middlewares, ...fetches]) part.dispose?.()
    throw error
  }
}

function createTlsContext(): TlsContext {
  return { files: new TlsFiles('.'), ticketKeys: new TicketKeys(), roots: new SystemRoots(), alpn: [] }
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
      const linked = withBody(new LinkedNode(OP_CHECK, node.kind, rule), node)
      const predicate = at(graph.predicates, node.predicate, 'predicate')
      linked.test = createPredicateTest(predicate)
      if (linked.test === undefined) throw unable(rule, `predicate ${predicate.field} ${predicate.op}`)
      linked.onMatch = node.onMatch
      linked.next = node.onMiss
      return linked
    }
    case 'dispatch': {
      const linked = new LinkedNode(OP_DISPATCH, node.kind, rule)
      linked.read = createFieldReader(node.field)
      if (linked.read === undefined) throw unable(rule, `field ${node.field}`)
      linked.readAddress = createAddressReader(node.field)
      linked.lookup = parts.lookups.add(node)
      linked.next = node.default
      return linked
    }
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
