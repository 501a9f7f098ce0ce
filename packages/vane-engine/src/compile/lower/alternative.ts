import { INSPECTION_LEVELS, type NodeId, type Predicate } from 'vane-core'
import { fieldLevel } from '../analyze.ts'
import { countComparisons, indexKeyOf, type IndexKey } from './index-keys.ts'

/** One of several things of which the first that holds wins: when all conditions hold, `action` is where it leads. */
export interface Alternative {
  readonly conditions: readonly Condition[]
  /** Which condition a look-up on a field can stand for. */
  readonly keys: ReadonlyMap<string, Condition>
  /** Called only if the alternative can be reached. */
  readonly action: () => NodeId
}

/** A predicate with what indexing must know of it. */
export interface Condition {
  readonly predicate: Predicate
  readonly key: IndexKey | undefined
  readonly comparisons: number
}

/** How much larger than its rules a graph may become for the sake of look-ups. */
export const MAX_COPY_FACTOR = 4

// Trying every field of a rule with thousands of them would be quadratic, and the first few are those that matter.
const MAX_KEYS = 8

/** The conditions of a rule's `match`: nested `all_of` unfolded, shallow fields first. */
export function toConditions(match: readonly Predicate[]): Condition[] {
  return match
    .flatMap(unfold)
    .map((predicate) => ({
      predicate,
      key: indexKeyOf(predicate),
      comparisons: countComparisons(predicate),
      depth: deepestLevel(predicate),
    }))
    .toSorted((a, b) => a.depth - b.depth)
}

/**
 * Makes an alternative and finds its keys. With several values, a key means a copy of the other conditions for each of them:
 * that is allowed where `mayCopy` says so, and within {@link MAX_COPY_FACTOR}.
 */
export function toAlternative(
  conditions: readonly Condition[],
  action: () => NodeId,
  { mayCopy }: { readonly mayCopy: boolean },
): Alternative {
  const keys = new Map<string, Condition>()
  let total = 0
  for (const { comparisons } of conditions) total += comparisons
  for (const condition of conditions) {
    const { key } = condition
    if (keys.size === MAX_KEYS) break
    if (key === undefined || keys.has(key.field)) continue
    const values = key.values.size
    const rest = total - condition.comparisons + 1
    const isCheap = mayCopy && values * rest <= MAX_COPY_FACTOR * (values + rest)
    if (values === 1 || isCheap) keys.set(key.field, condition)
  }
  return { conditions, keys, action }
}

function unfold(predicate: Predicate): readonly Predicate[] {
  return predicate.op === 'all_of' ? predicate.of.flatMap(unfold) : [predicate]
}

function deepestLevel(predicate: Predicate): number {
  switch (predicate.op) {
    case 'any_of':
    case 'all_of':
      return predicate.of.reduce((deepest, part) => Math.max(deepest, deepestLevel(part)), 0)
    case 'not':
      return deepestLevel(predicate.of)
    default:
      return INSPECTION_LEVELS.indexOf(fieldLevel(predicate.field))
  }
}
