import type { ListenerKind, NodeId, SymbolicFlowGraph } from 'vane-core'
import { fieldLevel } from '../compile/analyze.ts'
import { edgesOf } from '../compile/validate/edges-of.ts'
import type { TlsTerminator } from '../tls/tls-terminator.ts'

/** What a listener does with its connections before they are anything else. */
export interface LinkedListener {
  readonly kind: ListenerKind
  /** Whether the way to `upgrade` depends on the first bytes. */
  readonly needsPeek: boolean
  /** Whether anything further on reads the first bytes, or what a TLS client says of itself. */
  readonly readsPeek: boolean
  /** Absent: no certificates. */
  readonly terminator: TlsTerminator | undefined
}

/** Paths of plugins' contexts that are read from the first bytes. */
const PEEK_PATHS: ReadonlySet<string> = new Set(['peek', 'tls.sni', 'tls.alpn'])

/** Finds out what each listener of a graph does. */
export function linkListeners(
  graph: SymbolicFlowGraph,
  terminators: ReadonlyMap<string, TlsTerminator>,
): ReadonlyMap<string, LinkedListener> {
  return new Map(
    Object.entries(graph.meta.listeners).map(([key, { kind, needsPeek }]) => {
      const entry = graph.entries[key]
      const readsPeek = needsPeek || (entry !== undefined && readsFirstBytes(graph, entry))
      return [key, { kind, needsPeek, readsPeek, terminator: terminators.get(key) }]
    }),
  )
}

/** Looks at all that can be reached: what stands after `upgrade` can ask for what was seen before it. */
function readsFirstBytes(graph: SymbolicFlowGraph, entry: NodeId): boolean {
  const seen = new Set<NodeId>([entry])
  // A set grows while it is walked: what is added is visited, too.
  for (const id of seen) {
    const node = graph.nodes[id]
    if (node === undefined) continue
    if (node.kind === 'check' && isPeeked(graph.predicates[node.predicate]?.field)) return true
    if (node.kind === 'dispatch' && isPeeked(node.field)) return true
    if (node.kind === 'middleware' && graph.middlewares[node.id]?.meta.inspects.some((path) => PEEK_PATHS.has(path)))
      return true
    for (const { to } of edgesOf(node)) seen.add(to)
  }
  return false
}

function isPeeked(field: string | undefined): boolean {
  return field !== undefined && fieldLevel(field) === 'l4-peek'
}
