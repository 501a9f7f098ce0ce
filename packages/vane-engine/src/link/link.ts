import type { Diagnostic, Node, SourceSpan, SymbolicFlowGraph, TerminatorKind } from 'vane-core'
import { VaneError } from 'vane-core'
import type { Fetch, Middleware } from '../executor/flow.ts'
import { createFetch, type FetchContext } from '../fetch/registry.ts'
import { createMiddleware, type MiddlewareContext } from '../middleware/registry.ts'
import { LinkedGraph } from './linked-graph.ts'
import { linkListeners } from './linked-listener.ts'
import {
  LinkedNode,
  type Op,
  OP_CHECK,
  OP_CLOSE,
  OP_FETCH,
  OP_FORWARD,
  OP_MATCH,
  OP_MIDDLEWARE,
  OP_TUNNEL,
  OP_UPGRADE,
  OP_WRITE_RESPONSE,
} from './linked-node.ts'
import { createMatchProgram } from './match-program.ts'
import { createPredicateTest } from './predicate-test.ts'
import { findUnsupported } from './unsupported.ts'
import { linkTls, type TlsContext } from '../tls/link-tls.ts'
import { SystemRoots } from '../tls/system-roots.ts'
import { TicketKeys } from '../tls/ticket-keys.ts'
import { TlsFiles } from '../tls/tls-files.ts'
import { TcpForward } from '../tunnel/tcp-forward.ts'

/** What linking draws on. */
export type LinkContext = Omit<FetchContext, 'identities'> &
  MiddlewareContext & {
    /** Without it, files are looked for in the working directory, and tickets are good for one graph. */
    readonly tls?: TlsContext
  }

/** The live parts of a graph, index for index with the symbolic ones. */
interface Parts {
  readonly middlewares: readonly Middleware[]
  readonly fetches: readonly (Fetch | TcpForward)[]
}

/**
 * Makes a symbolic graph runnable: resolves middleware, fetches, plugin call sites and predicates.
 *
 * @throws VaneError of kind `compile` that names rule, file and line; what was made until then is given back.
 */
export async function link(symbolic: SymbolicFlowGraph, context: LinkContext): Promise<LinkedGraph> {
  const middlewares: Middleware[] = []
  const fetches: (Fetch | TcpForward)[] = []
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
      if (entry.spec.type === 'tcp_forward') {
        fetches.push(new TcpForward(entry.spec, context.pools.createDialer(entry.spec.upstream)))
        continue
      }
      fetches.push(
        await attributed(entry, `fetch ${entry.spec.type}`, () => createFetch(entry.spec, { ...context, identities })),
      )
    }
    const nodes = symbolic.nodes.map((node, index) =>
      linkNode(symbolic, { middlewares, fetches }, { node, rule: symbolic.nodeRules[index] ?? null }),
    )
    const parts = { nodes, matching: createMatchProgram(symbolic), listeners, filesDigest, warnings }
    return new LinkedGraph(symbolic, parts, [...middlewares, ...toHttp(fetches)])
  } catch (error) {
    for (const part of [...middlewares, ...toHttp(fetches)]) part.dispose?.()
    throw error
  }
}

/** Those that hold something. */
function toHttp(fetches: readonly (Fetch | TcpForward)[]): Fetch[] {
  return fetches.filter((fetch): fetch is Fetch => !(fetch instanceof TcpForward))
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
      const { name, plugin } = at(graph.middlewares, node.id, 'middleware')
      linked.name = name
      // Our own answer at once, unless they wait for a body.
      linked.isTimed = plugin !== undefined || node.collectBodyBefore !== undefined
      linked.middleware = at(parts.middlewares, node.id, 'middleware')
      linked.next = node.next
      if (node.onError !== undefined) linked.onError = node.onError
      return linked
    }
    case 'upgrade': {
      const linked = new LinkedNode(OP_UPGRADE, node.kind, rule)
      linked.next = node.next
      if (node.otherwise !== undefined) linked.otherwise = node.otherwise
      return linked
    }
    case 'fetch': {
      const fetch = at(parts.fetches, node.id, 'fetch')
      const isForward = fetch instanceof TcpForward
      const linked = withBody(new LinkedNode(isForward ? OP_FORWARD : OP_FETCH, node.kind, rule), node)
      linked.name = at(graph.fetches, node.id, 'fetch').spec.type
      if (isForward) linked.forward = fetch
      else linked.fetch = fetch
      if (node.nextResponse !== undefined) linked.next = node.nextResponse
      if (node.nextTunnel !== undefined) linked.otherwise = node.nextTunnel
      return linked
    }
    case 'terminate': {
      const terminator = at(graph.terminators, node.id, 'terminator')
      const linked = new LinkedNode(TERMINATORS[terminator], node.kind, rule)
      linked.unmatched = node.cause === 'unmatched'
      return linked
    }
  }
}

const TERMINATORS = {
  writeHttpResponse: OP_WRITE_RESPONSE,
  byteTunnel: OP_TUNNEL,
  close: OP_CLOSE,
} as const satisfies Record<TerminatorKind, Op>

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
