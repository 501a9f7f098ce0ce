import {
  findField,
  PHASE_TABLE,
  type Edge,
  type Node,
  type Phase,
  type PhaseRow,
  type SymbolicFlowGraph,
} from 'vane-core'
import { nodeEdges } from './node-edges.ts'

/** Phases from left to right. */
export const PHASE_ORDER: readonly Phase[] = ['l4Raw', 'l4Peeked', 'l7Request', 'l7Response', 'tunnel']

/**
 * The phase of every node that a listener leads to. A node that paths share in several phases stands in the last of them, so
 * that no edge leads back. Edges to nodes that do not exist are followed too: a broken graph can be looked at.
 */
export function placeNodes(graph: SymbolicFlowGraph): Map<number, Phase> {
  const rows = new Map(PHASE_TABLE.map((row) => [`${row.node} ${row.variant ?? ''} ${row.in}`, row]))
  const reached = new Map<number, number>()
  const seen = new Map<number, number>()
  const work: [id: number, phase: number][] = Object.values(graph.entries).map((id) => [id, 0])
  for (let step = work.pop(); step !== undefined; step = work.pop()) {
    const [id, phase] = step
    const phases = seen.get(id) ?? 0
    // A set of (node, phase) pairs rather than a recursion: a cycle ends, and depth is no matter.
    if ((phases & (1 << phase)) !== 0) continue
    seen.set(id, phases | (1 << phase))
    reached.set(id, Math.max(reached.get(id) ?? 0, phase))
    const node = graph.nodes[id]
    if (node === undefined) continue
    const row = rows.get(`${node.kind} ${variantOf(node, graph) ?? ''} ${PHASE_ORDER[phase]}`)
    for (const { edge, to } of nodeEdges(node)) work.push([to, leadsTo(edge, row, phase)])
  }
  return new Map([...reached].map(([id, phase]) => [id, PHASE_ORDER[phase]!]))
}

/** Where the table leads; an illegal node, which the compiler would have refused, is placed by the nature of its edge. */
function leadsTo(edge: Edge, row: PhaseRow | undefined, phase: number): number {
  const legal = row?.leads[edge]
  if (legal !== undefined) return Math.max(phase, PHASE_ORDER.indexOf(legal))
  if (edge === 'nextResponse') return Math.max(phase, PHASE_ORDER.indexOf('l7Response'))
  if (edge === 'nextTunnel') return Math.max(phase, PHASE_ORDER.indexOf('tunnel'))
  return phase
}

function variantOf(node: Node, graph: SymbolicFlowGraph): string | undefined {
  switch (node.kind) {
    case 'check':
      return findField(graph.predicates[node.predicate]?.field ?? '')?.level
    case 'dispatch':
      return findField(node.field)?.level
    case 'middleware':
      return graph.middlewares[node.id]?.meta.kind
    case 'fetch':
      return graph.fetches[node.id]?.spec.type
    case 'terminate':
      return graph.terminators[node.id]
    default:
      return undefined
  }
}
