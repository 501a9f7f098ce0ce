import type { Node, NodeId, SymbolicFlowGraph } from 'vane-core'
import { edgesOf } from '../validate/edges-of.ts'

/** The parts of a graph that refer to each other. */
export type GraphParts = Pick<
  SymbolicFlowGraph,
  'nodes' | 'nodeRules' | 'predicates' | 'middlewares' | 'fetches' | 'terminators' | 'entries'
>

/**
 * Leaves out what no entry leads to, and numbers the rest in the order of a walk that takes the first edge first. So the
 * numbers say nothing of how the graph was made.
 */
export function compactGraph(graph: GraphParts): GraphParts {
  const numbers: Numbers = {
    node: new Renumbering(graph.nodes.length),
    predicate: new Renumbering(graph.predicates.length),
    middleware: new Renumbering(graph.middlewares.length),
    fetch: new Renumbering(graph.fetches.length),
    terminator: new Renumbering(graph.terminators.length),
  }
  // No recursion: a chain of ten thousand checks is ordinary.
  const pending: NodeId[] = Object.values(graph.entries).toReversed()
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (numbers.node.has(id)) continue
    numbers.node.of(id)
    const edges = edgesOf(graph.nodes[id]!)
    for (let index = edges.length - 1; index >= 0; index--) {
      const { to } = edges[index]!
      if (!numbers.node.has(to)) pending.push(to)
    }
  }
  return {
    nodes: numbers.node.pick(graph.nodes).map((node) => renumber(node, numbers)),
    nodeRules: numbers.node.pick(graph.nodeRules),
    predicates: numbers.predicate.pick(graph.predicates),
    middlewares: numbers.middleware.pick(graph.middlewares),
    fetches: numbers.fetch.pick(graph.fetches),
    terminators: numbers.terminator.pick(graph.terminators),
    entries: Object.fromEntries(Object.entries(graph.entries).map(([key, id]) => [key, numbers.node.of(id)])),
  }
}

type Numbers = Readonly<Record<'node' | 'predicate' | 'middleware' | 'fetch' | 'terminator', Renumbering>>

/** Gives old numbers new ones, in the order in which they are asked for. */
class Renumbering {
  readonly #byOld: Int32Array
  readonly #old: number[] = []

  constructor(size: number) {
    this.#byOld = new Int32Array(size).fill(-1)
  }

  has(id: number): boolean {
    return this.#byOld[id] !== -1
  }

  of<Id extends number>(id: Id): Id {
    if (this.#byOld[id] === -1) this.#byOld[id] = this.#old.push(id) - 1
    return this.#byOld[id] as Id
  }

  pick<T>(list: readonly T[]): T[] {
    return this.#old.map((id) => list[id]!)
  }
}

function renumber(node: Node, { node: nodes, predicate, middleware, fetch, terminator }: Numbers): Node {
  switch (node.kind) {
    case 'check':
      return {
        ...node,
        predicate: predicate.of(node.predicate),
        onMatch: nodes.of(node.onMatch),
        onMiss: nodes.of(node.onMiss),
      }
    case 'dispatch':
      return {
        ...node,
        cases: node.cases.map(([value, to, match]) =>
          match === undefined ? [value, nodes.of(to)] : [value, nodes.of(to), match],
        ),
        default: nodes.of(node.default),
      }
    case 'candidate':
      return { ...node, onWin: nodes.of(node.onWin), next: nodes.of(node.next) }
    case 'choose':
      return { ...node, default: nodes.of(node.default) }
    case 'middleware':
      return {
        ...node,
        id: middleware.of(node.id),
        next: nodes.of(node.next),
        ...(node.onError === undefined ? {} : { onError: nodes.of(node.onError) }),
      }
    case 'upgrade':
      return {
        ...node,
        next: nodes.of(node.next),
        ...(node.otherwise === undefined ? {} : { otherwise: nodes.of(node.otherwise) }),
      }
    case 'fetch':
      return {
        ...node,
        id: fetch.of(node.id),
        ...(node.nextResponse === undefined ? {} : { nextResponse: nodes.of(node.nextResponse) }),
        ...(node.nextTunnel === undefined ? {} : { nextTunnel: nodes.of(node.nextTunnel) }),
      }
    case 'terminate':
      return { ...node, id: terminator.of(node.id) }
  }
}
