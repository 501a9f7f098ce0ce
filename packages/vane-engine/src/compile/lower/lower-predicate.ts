import type { NodeId, Predicate } from 'vane-core'
import type { GraphBuilder } from './graph-builder.ts'

/** Where a test leads. */
export interface Branches {
  readonly onMatch: NodeId
  readonly onMiss: NodeId
}

/**
 * Turns a predicate into checks that lead to one of two nodes. Combinations become edges, so each comparison is exactly one
 * node, whatever they are nested in; the recursion is as deep as a rule file may be.
 */
export function lowerPredicate(builder: GraphBuilder, predicate: Predicate, { onMatch, onMiss }: Branches): NodeId {
  // A test that leads to the same place either way tests nothing.
  if (onMatch === onMiss) return onMatch
  switch (predicate.op) {
    case 'not':
      return lowerPredicate(builder, predicate.of, { onMatch: onMiss, onMiss: onMatch })
    case 'all_of':
      return predicate.of.reduceRight((next, part) => lowerPredicate(builder, part, { onMatch: next, onMiss }), onMatch)
    case 'any_of':
      return predicate.of.reduceRight((next, part) => lowerPredicate(builder, part, { onMatch, onMiss: next }), onMiss)
    default:
      return builder.node({ kind: 'check', predicate: builder.predicate(predicate), onMatch, onMiss }, null)
  }
}
