import type { ListenerKind, NodeId } from 'vane-core'
import { fieldLevel } from '../analyze.ts'
import { edgesOf } from '../validate/edges-of.ts'
import type { GraphBuilder } from './graph-builder.ts'

/** What can be met on a listener, read from its nodes. */
export interface ListenerTraits {
  readonly kind: ListenerKind
  /** Whether the first bytes must be seen before they are read by anyone. */
  readonly needsPeek: boolean
}

/** Walks the part of a graph that comes before HTTP, from a listener's entry. */
export function listenerTraits(builder: GraphBuilder, entry: NodeId): ListenerTraits {
  let [isUpgraded, isForwarded, needsPeek] = [false, false, false]
  const seen = new Set<NodeId>([entry])
  // A set grows while it is walked: what is added is visited, too.
  for (const id of seen) {
    const node = builder.nodes[id]!
    switch (node.kind) {
      case 'check':
        needsPeek ||= fieldLevel(builder.predicates[node.predicate]!.field) === 'l4-peek'
        break
      case 'dispatch':
        needsPeek ||= fieldLevel(node.field) === 'l4-peek'
        break
      case 'middleware':
        needsPeek ||= builder.middlewares[node.id]!.meta.kind === 'l4-peek'
        break
      case 'fetch':
        isForwarded = true
        break
      case 'upgrade':
        isUpgraded = true
        if (node.otherwise === undefined) continue
        // Which way to go is seen in the first bytes.
        needsPeek = true
        seen.add(node.otherwise)
        continue
      case 'terminate':
      case 'candidate':
      case 'choose':
        break
    }
    for (const { to } of edgesOf(node)) seen.add(to)
  }
  return { kind: !isUpgraded ? 'raw' : isForwarded ? 'auto' : 'http', needsPeek }
}
