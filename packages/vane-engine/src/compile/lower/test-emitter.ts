import type {
  CandidateNode,
  CollectBody,
  DispatchNode,
  FieldPredicate,
  Node,
  NodeId,
  PredicateOperator,
} from 'vane-core'
import type { GraphBuilder } from './graph-builder.ts'
import { isPresence } from './atom.ts'
import type { LookupField } from './keys-of.ts'
import type { Item } from './nest.ts'

/** Where a check leads, and what it needs. */
export interface CheckEdges {
  readonly onMatch: NodeId
  readonly onMiss: NodeId
  /** Set on the check before which the body is collected. */
  readonly body?: CollectBody | undefined
}

/** A positive comparison and its complement among values that are there. */
const COMPLEMENTS: Readonly<Partial<Record<PredicateOperator, PredicateOperator>>> = {
  equals: 'not_equals',
  in: 'not_in',
  contains: 'not_contains',
}

/** Makes the nodes that find the rule, in the simplest form that says the same, and counts what they cost. */
export class TestEmitter {
  readonly #builder: GraphBuilder
  /** Checks, dispatches and their cases, candidates and choices so far, those that were there already not counted. */
  spent = 0

  constructor(builder: GraphBuilder) {
    this.#builder = builder
  }

  check(predicate: FieldPredicate, { onMatch, onMiss, body }: CheckEdges): NodeId {
    // Without its check a body would not be collected for those after it.
    if (onMatch === onMiss && body === undefined) return onMatch
    const negated = this.#negated(predicate, { onMatch, onMiss })
    if (negated !== undefined) return this.check(negated.predicate, { onMatch: negated.onMatch, onMiss: onMatch, body })
    return this.#add({ kind: 'check', predicate: this.#builder.predicate(predicate), onMatch, onMiss, ...body }, 1)
  }

  /** @param targets where each item leads, index for index. */
  lookup(
    { field, family }: LookupField,
    found: { readonly items: readonly Item[]; readonly targets: readonly NodeId[]; readonly otherwise: NodeId },
  ): NodeId {
    const { items, targets, otherwise } = found
    const targetOf = new Map(items.map((item, index) => [item, targets[index]!]))
    // What leads where it would lead without being found needs no case.
    const cases = items.filter(
      (item) => targetOf.get(item) !== (item.parent === undefined ? otherwise : targetOf.get(item.parent)),
    )
    const [first] = cases
    if (first === undefined) return otherwise
    const onMatch = targetOf.get(first)!
    if (cases.length === 1) {
      return this.check({ op: first.kind, field, value: first.value }, { onMatch, onMiss: otherwise })
    }
    const sorted = cases.toSorted(compareItems)
    if (sorted.every((item) => item.kind === 'equals' && targetOf.get(item) === onMatch)) {
      const value = sorted.map((item) => item.value)
      return this.check({ op: 'in', field, value }, { onMatch, onMiss: otherwise })
    }
    const node: DispatchNode = {
      kind: 'dispatch',
      field,
      lookup: sorted.every((item) => item.kind === 'equals') ? 'equals' : family,
      cases: sorted.map((item) =>
        item.kind === 'equals' ? [item.value, targetOf.get(item)!] : [item.value, targetOf.get(item)!, item.kind],
      ),
      default: otherwise,
    }
    return this.#add(node, node.cases.length + 1)
  }

  candidate(candidate: Omit<CandidateNode, 'kind'>): NodeId {
    return this.#add({ kind: 'candidate', ...candidate }, 1)
  }

  choose(otherwise: NodeId): NodeId {
    return this.#add({ kind: 'choose', default: otherwise }, 1)
  }

  /** `a`, then on a miss `is there`: in one check, `is not a`. */
  #negated(
    { op, field, value }: FieldPredicate,
    { onMatch, onMiss }: CheckEdges,
  ): { readonly predicate: FieldPredicate; readonly onMatch: NodeId } | undefined {
    const complement = COMPLEMENTS[op]
    const next = this.#builder.nodes[onMiss]
    if (complement === undefined || next?.kind !== 'check' || next.onMiss !== onMatch) return undefined
    const second = this.#builder.predicates[next.predicate]!
    if (second.field !== field || !isPresence(second)) return undefined
    return { predicate: { op: complement, field, value }, onMatch: next.onMatch }
  }

  #add(node: Node, cost: number): NodeId {
    const before = this.#builder.nodes.length
    const id = this.#builder.node(node, null)
    if (this.#builder.nodes.length > before) this.spent += cost
    return id
  }
}

function compareItems(a: Item, b: Item): number {
  if (typeof a.value === 'number' && typeof b.value === 'number') return a.value - b.value
  const [one, other] = [String(a.value), String(b.value)]
  return one < other ? -1 : one > other ? 1 : a.kind < b.kind ? -1 : 1
}
