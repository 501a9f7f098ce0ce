import {
  quoted,
  type Diagnostic,
  type Edge,
  type Node,
  type NodeId,
  type Phase,
  type SymbolicFlowGraph,
} from 'vane-core'
import { edgesOf } from './edges-of.ts'
import { legalEdges } from './legal-edges.ts'

/**
 * Walks a graph from every entry, starting in `l4Raw`, and reports what must not be: a node in a phase in which it is
 * illegal, an id that leads nowhere, a missing edge (a path without an end), a cycle. A graph without diagnostics ends
 * every path at a terminator, upgrades exactly once before anything on L7, and chooses among the candidates it has met
 * before it does anything else.
 *
 * The walk keeps its own stack: a chain of ten thousand checks is ordinary.
 */
export function validate(graph: SymbolicFlowGraph): Diagnostic[] {
  const problems = new Map<string, Diagnostic>()
  const report: Report = (id, message) => {
    const rule = graph.nodeRules[id]
    const where = rule === null || rule === undefined ? '' : ` of rule ${quoted(rule)}`
    const full = `node ${id}${where}: ${message}`
    problems.set(full, { severity: 'error', code: 'invalid-graph', message: full })
  }

  // A node may be reached in several phases; each is a state of its own.
  const states = new Map<number, 'open' | 'done'>()
  for (const [listener, entry] of Object.entries(graph.entries)) {
    const stack: Frame[] = []
    const enter = ({ to: id, phase, isChoosing }: Exit): void => {
      const key = (id * PHASES.length + PHASES.indexOf(phase)) * 2 + Number(isChoosing)
      const state = states.get(key)
      if (state === 'open') report(id, `the path from ${quoted(listener)} comes back to it`)
      if (state !== undefined) return
      states.set(key, 'open')
      stack.push({ key, exits: exitsOf({ graph, report }, { to: id, phase, isChoosing }), next: 0 })
    }
    enter({ to: entry, phase: 'l4Raw', isChoosing: false })
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const exit = frame.exits[frame.next++]
      if (exit !== undefined) {
        enter(exit)
        continue
      }
      states.set(frame.key, 'done')
      stack.pop()
    }
  }
  return [...problems.values()]
}

const PHASES: readonly Phase[] = ['l4Raw', 'l4Peeked', 'l7Request', 'l7Response', 'tunnel']

/** A dispatch needs no case. */
const OPTIONAL_EDGES: ReadonlySet<Edge> = new Set<Edge>(['onError', 'otherwise', 'case'])

const MAY_STAND_BEFORE_CHOICE: ReadonlySet<Node['kind']> = new Set<Node['kind']>([
  'check',
  'dispatch',
  'candidate',
  'choose',
])

type Report = (id: number, message: string) => void

interface Frame {
  readonly key: number
  readonly exits: readonly Exit[]
  next: number
}

interface Exit {
  readonly to: NodeId
  readonly phase: Phase
  /** Whether a candidate has been met that no choice has been made of. */
  readonly isChoosing: boolean
}

/** Where a node in a phase leads, after looking whether it may stand there and has all its edges. */
function exitsOf(
  { graph, report }: { graph: SymbolicFlowGraph; report: Report },
  { to: id, phase, isChoosing }: Exit,
): Exit[] {
  const node = graph.nodes[id]
  if (node === undefined) {
    report(id, 'there is no such node')
    return []
  }
  const legal = legalEdges(graph, node, phase)
  if ('problem' in legal) {
    report(id, legal.problem)
    return []
  }
  if (isChoosing && !MAY_STAND_BEFORE_CHOICE.has(node.kind)) {
    report(id, `a ${node.kind} stands between a candidate and the choice`)
    return []
  }
  if (isChoosing && 'collectBodyBefore' in node) report(id, 'it needs a body between a candidate and the choice')
  const exits: Exit[] = []
  const present = new Set<Edge>()
  for (const { edge, to } of edgesOf(node)) {
    present.add(edge)
    const leads = legal.leads[edge]
    if (leads === undefined) report(id, `a ${node.kind} has no edge ${edge} in phase ${phase}`)
    else if (graph.nodes[to] === undefined) report(id, `its edge ${edge} leads to node ${to}, which does not exist`)
    else exits.push({ to, phase: leads, isChoosing: isChoosingAfter(node, edge, isChoosing) })
  }
  for (const edge of Object.keys(legal.leads)) {
    const isMissing = !present.has(edge as Edge) && !OPTIONAL_EDGES.has(edge as Edge)
    if (isMissing) report(id, `its edge ${edge} is missing, so that a path ends nowhere`)
  }
  return exits
}

/** Past a choice, and where a candidate leads that has won, it has been made. */
function isChoosingAfter({ kind }: Node, edge: Edge, before: boolean): boolean {
  return kind === 'candidate' ? edge === 'next' : before && kind !== 'choose'
}
