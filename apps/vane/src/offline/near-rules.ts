import { evaluatePredicate, type Predicate, type ReadField, type Rule } from 'vane-core'

/** A rule that did not win. */
export interface NearRule {
  readonly name: string
  /** What did not hold; empty where all held and the rule came too late. */
  readonly missed: readonly Predicate[]
}

/** How the rules that did not win compare with the request. */
export interface NearRules {
  /** Tried before the winner and missed by the least, those first. */
  readonly close: readonly NearRule[]
  /** Would have matched, but the winner is tried before them. */
  readonly late: readonly NearRule[]
}

/** Which rules came close. Rules of which nothing held did not, unless there was only one thing to hold. */
export function findNearRules(ordered: readonly Rule[], winner: string | null, read: ReadField): NearRules {
  const at = winner === null ? ordered.length : ordered.findIndex(({ name }) => name === winner)
  const near = ({ name, match }: Rule): NearRule => ({
    name,
    missed: match.flatMap(partsOf).filter((part) => !evaluatePredicate(part, read)),
  })
  const close = ordered
    .slice(0, at)
    .map((rule) => ({ ...near(rule), total: rule.match.flatMap(partsOf).length }))
    .filter(({ missed, total }) => missed.length < total || total === 1)
    .toSorted((a, b) => a.missed.length - b.missed.length)
  const late = ordered.slice(at + 1).map(near)
  return { close, late: late.filter(({ missed }) => missed.length === 0) }
}

/** What must hold each by itself. */
function partsOf(predicate: Predicate): readonly Predicate[] {
  return predicate.op === 'all_of' ? predicate.of.flatMap(partsOf) : [predicate]
}
