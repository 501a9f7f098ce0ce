import type { ListenerKind, NodeId, SymbolicFlowGraph } from 'vane-core'
import { edgesOf } from '../compile/validate/edges-of.ts'
import type { TlsTerminator } from '../tls/tls-terminator.ts'

/** What a listener does with its connections before they are anything else. */
export interface LinkedListener {
  readonly kind: ListenerKind
  /** Whether the way to `upgrade` depends on the first bytes. */
  readonly needsPeek: boolean
  /** Whether anything on the way reads the first bytes, or what a TLS client says of itself. */
  readonly readsPeek: boolean
  /** Whether anything on the way reads what a TLS client says of itself. */
  readonly readsHello: boolean
  /** Absent: no certificates. */
  readonly terminator: TlsTerminator | undefined
}

/** Fields and context paths that are read from what a TLS client says of itself. */
const HELLO_PATHS: readonly string[] = ['tls.sni', 'tls.alpn']

/** Finds out what each listener of a graph does. */
export function linkListeners(
  graph: SymbolicFlowGraph,
  terminators: ReadonlyMap<string, TlsTerminator>,
): ReadonlyMap<string, LinkedListener> {
  return new Map(
    Object.entries(graph.meta.listeners).map(([key, { kind, needsPeek }]) => {
      const entry = graph.entries[key]
      const reads = entry === undefined ? new Set<string>() : readFrom(graph, entry)
      const readsHello = HELLO_PATHS.some((path) => reads.has(path))
      const readsPeek = needsPeek || readsHello || reads.has('peek')
      return [key, { kind, needsPeek, readsPeek, readsHello, terminator: terminators.get(key) }]
    }),
  )
}

/** Every field and context path that can be read: what stands after `upgrade` can ask for what was seen before it. */
function readFrom(graph: SymbolicFlowGraph, entry: NodeId): Set<string> {
  const reads = new Set<string>()
  const seen = new Set<NodeId>([entry])
  // A set grows while it is walked: what is added is visited, too.
  for (const id of seen) {
    const node = graph.nodes[id]
    if (node === undefined) continue
    if (node.kind === 'check') reads.add(graph.predicates[node.predicate]?.field ?? '')
    else if (node.kind === 'dispatch') reads.add(node.field)
    else if (node.kind === 'middleware')
      for (const path of graph.middlewares[node.id]?.meta.inspects ?? []) reads.add(path)
    for (const { to } of edgesOf(node)) seen.add(to)
  }
  return reads
}
