import {
  evaluatePredicate,
  type DispatchCase,
  type DispatchNode,
  type Edge,
  type FieldValue,
  type NodeId,
  type ReadField,
  type SymbolicFlowGraph,
} from 'vane-core'

/** One node of a walk and the way taken out of it. */
export interface WalkStep {
  readonly node: NodeId
  /** Absent where the walk ends. */
  readonly edge?: Edge
  /** Of a dispatch that found something: what. */
  readonly found?: DispatchCase
  /** Of a choice among candidates: the one that won. */
  readonly won?: NodeId
}

/** A walk through a graph. */
export interface Walk {
  readonly steps: readonly WalkStep[]
  /** The rule that won; `null`: none matched. */
  readonly rule: string | null
}

/** What a walk is told besides the values of fields. */
export interface WalkOptions {
  /** Key of the listener to start at. */
  readonly listener: string
  /** Whether the connection speaks HTTP; default yes. */
  readonly isHttp?: boolean
}

/**
 * Walks a symbolic graph for what is described by its fields, as the executor does: the meaning of a graph, written to be
 * read rather than fast. Middleware lets everything pass; fetches answer, with a tunnel where they can do nothing else.
 *
 * @returns `undefined` where the graph has no such listener.
 */
export function walk(
  graph: SymbolicFlowGraph,
  read: ReadField,
  { listener, isHttp = true }: WalkOptions,
): Walk | undefined {
  const steps: WalkStep[] = []
  let rule: string | null = null
  let best: { readonly node: NodeId; readonly place: number; readonly onWin: NodeId } | undefined
  if (!Object.hasOwn(graph.entries, listener)) return undefined
  for (let id = graph.entries[listener]; id !== undefined;) {
    const node = graph.nodes[id]!
    rule ??= graph.nodeRules[id] ?? null
    switch (node.kind) {
      case 'check': {
        const isMatch = evaluatePredicate(graph.predicates[node.predicate]!, read)
        steps.push({ node: id, edge: isMatch ? 'onMatch' : 'onMiss' })
        id = isMatch ? node.onMatch : node.onMiss
        break
      }
      case 'dispatch': {
        const found = findCase(node, read(node.field))
        steps.push(found === undefined ? { node: id, edge: 'default' } : { node: id, edge: 'case', found })
        id = found?.[1] ?? node.default
        break
      }
      case 'candidate':
        steps.push({ node: id, edge: 'next' })
        if (best === undefined || node.place < best.place) best = { ...node, node: id }
        id = node.next
        break
      case 'choose':
        steps.push(best === undefined ? { node: id, edge: 'default' } : { node: id, edge: 'onWin', won: best.node })
        id = best?.onWin ?? node.default
        best = undefined
        break
      case 'upgrade':
        steps.push(isHttp ? { node: id, edge: 'next' } : { node: id, ...otherwise(node.otherwise) })
        id = isHttp ? node.next : node.otherwise
        break
      case 'middleware':
        steps.push({ node: id, edge: 'next' })
        id = node.next
        break
      case 'fetch': {
        const edge = node.nextResponse === undefined ? 'nextTunnel' : 'nextResponse'
        steps.push({ node: id, edge })
        id = node[edge]
        break
      }
      case 'terminate':
        steps.push({ node: id })
        return { steps, rule }
    }
  }
  return { steps, rule }
}

/** The case of a dispatch that a value belongs to. */
export function findCase({ field, cases }: DispatchNode, value: FieldValue | undefined): DispatchCase | undefined {
  let best: DispatchCase | undefined
  for (const item of cases) {
    const [operand, , match] = item
    if (!evaluatePredicate({ op: match ?? 'equals', field, value: operand }, () => value)) continue
    if (best === undefined || isNarrower(item, best)) best = item
  }
  return best
}

/** Of two cases that hold for one value. */
function isNarrower([value, , match]: DispatchCase, [other, , otherMatch]: DispatchCase): boolean {
  if (match === undefined || otherMatch === undefined) return match === undefined
  const [length, otherLength] = [value, other].map((text) => lengthOf(String(text), match))
  return length === otherLength ? match === 'path_prefix' : length! > otherLength!
}

function lengthOf(text: string, match: NonNullable<DispatchCase[2]>): number {
  return match === 'cidr' ? Number(text.slice(text.indexOf('/') + 1)) : text.length
}

function otherwise(node: NodeId | undefined): Pick<WalkStep, 'edge'> {
  return node === undefined ? {} : { edge: 'otherwise' }
}
