import type { NodeId } from 'vane-core'
import { toAlternative, type Alternative } from './alternative.ts'
import type { GraphBuilder } from './graph-builder.ts'
import { lowerPredicate } from './lower-predicate.ts'

// Look-ups inside look-ups: host, then method, then a header. Past a few levels plain checks do.
const MAX_DEPTH = 8

/** Where a sequence stands. */
export interface SequenceOptions {
  /** Where it leads when no alternative holds. */
  readonly otherwise: NodeId
  /** Look-ups around it; default 0. */
  readonly depth?: number
}

/**
 * Lowers alternatives of which the first that holds wins.
 *
 * A run of alternatives that each need one field to equal something becomes one dispatch on that field, whose cases hold
 * what is left of them; all others become checks, and what follows a run or a check is one node that all share. An
 * alternative appears in one case for each of its key's values, which only the outermost runs allow to be many. So the
 * nodes grow with the rules, and never past `MAX_COPY_FACTOR` times their comparisons.
 */
export function lowerSequence(
  builder: GraphBuilder,
  alternatives: readonly Alternative[],
  { otherwise, depth = 0 }: SequenceOptions,
): NodeId {
  // Nothing after an alternative without conditions can be reached.
  const certain = alternatives.findIndex((alternative) => alternative.conditions.length === 0)
  const reachable = certain === -1 ? alternatives : alternatives.slice(0, certain)
  let next = certain === -1 ? otherwise : alternatives[certain]!.action()
  for (const { field, items } of splitRuns(reachable, depth).toReversed()) {
    next =
      field === undefined
        ? lowerChecks(builder, items, next)
        : lowerRun(builder, { field, items }, { otherwise: next, depth })
  }
  return next
}

function lowerChecks(builder: GraphBuilder, items: readonly Alternative[], otherwise: NodeId): NodeId {
  let next = otherwise
  for (let index = items.length - 1; index >= 0; index--) {
    const { conditions, action } = items[index]!
    const onMiss = next
    next = conditions.reduceRight(
      (onMatch, { predicate }) => lowerPredicate(builder, predicate, { onMatch, onMiss }),
      action(),
    )
  }
  return next
}

function lowerRun(
  builder: GraphBuilder,
  { field, items }: { readonly field: string; readonly items: readonly Alternative[] },
  { otherwise, depth = 0 }: SequenceOptions,
): NodeId {
  const byValue = new Map<string, Alternative[]>()
  for (const { conditions, keys, action } of items) {
    const key = keys.get(field)
    const left = conditions.filter((condition) => condition !== key)
    const rest = toAlternative(left, action, { mayCopy: false })
    for (const value of key?.key?.values ?? []) {
      const alternatives = byValue.get(value)
      if (alternatives === undefined) byValue.set(value, [rest])
      else alternatives.push(rest)
    }
  }
  const cases = [...byValue].map(
    ([value, alternatives]) => [value, lowerSequence(builder, alternatives, { otherwise, depth: depth + 1 })] as const,
  )
  const [first, second] = cases
  if (first !== undefined && second === undefined) {
    const predicate = builder.predicate({ op: 'equals', field, value: first[0] })
    return builder.node({ kind: 'check', predicate, onMatch: first[1], onMiss: otherwise }, null)
  }
  return builder.node({ kind: 'dispatch', field, cases, default: otherwise }, null)
}

interface Run {
  /** `undefined`: no look-up helps, check one by one. */
  readonly field: string | undefined
  readonly items: readonly Alternative[]
}

/** Cuts a sequence into runs, from its start always the longest that one field can index. */
function splitRuns(alternatives: readonly Alternative[], depth: number): Run[] {
  const runs: Run[] = []
  let start = 0
  while (start < alternatives.length) {
    let best: { field: string | undefined; length: number } = { field: undefined, length: 1 }
    const fields = depth < MAX_DEPTH ? alternatives[start]!.keys.keys() : []
    for (const field of fields) {
      let length = 1
      while (alternatives[start + length]?.keys.has(field) === true) length++
      if (length > best.length) best = { field, length }
    }
    runs.push({ field: best.field, items: alternatives.slice(start, start + best.length) })
    start += best.length
  }
  return runs
}
