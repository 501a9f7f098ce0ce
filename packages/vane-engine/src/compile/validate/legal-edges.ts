import { PHASE_TABLE, type Node, type NodeVariant, type Phase, type PhaseRow, type SymbolicFlowGraph } from 'vane-core'
import { fieldLevel } from '../analyze.ts'

/** The edges a node may have where it stands, or why it may not stand there. */
export type LegalEdges = Pick<PhaseRow, 'leads'> | { readonly problem: string }

/** Looks a node up in the phase table. */
export function legalEdges(graph: SymbolicFlowGraph, node: Node, phase: Phase): LegalEdges {
  const variant = variantOf(graph, node)
  if (typeof variant === 'object') return variant
  const row = ROWS.get(rowKey(node.kind, variant, phase))
  if (row !== undefined) return row
  return { problem: `a ${node.kind}${variant === undefined ? '' : ` (${variant})`} is illegal in phase ${phase}` }
}

const ROWS: ReadonlyMap<string, PhaseRow> = new Map(
  PHASE_TABLE.map((row) => [rowKey(row.node, row.variant, row.in), row]),
)

function rowKey(node: Node['kind'], variant: NodeVariant | undefined, phase: Phase): string {
  return `${node} ${variant ?? ''} ${phase}`
}

/** What a node comes in, read from what it refers to. */
function variantOf(graph: SymbolicFlowGraph, node: Node): NodeVariant | undefined | { problem: string } {
  switch (node.kind) {
    case 'check': {
      const predicate = graph.predicates[node.predicate]
      return predicate === undefined ? dangling('predicate', node.predicate) : fieldLevel(predicate.field)
    }
    case 'dispatch':
      return fieldLevel(node.field)
    case 'middleware':
      return graph.middlewares[node.id]?.meta.kind ?? dangling('middleware', node.id)
    case 'fetch':
      return graph.fetches[node.id]?.spec.type ?? dangling('fetch', node.id)
    case 'terminate':
      return graph.terminators[node.id] ?? dangling('terminator', node.id)
    case 'upgrade':
    case 'candidate':
    case 'choose':
      return undefined
  }
}

function dangling(what: string, id: number): { problem: string } {
  return { problem: `it names ${what} ${id}, which does not exist` }
}
