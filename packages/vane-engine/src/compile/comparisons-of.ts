import type { FieldPredicate, Predicate } from 'vane-core'

/** Every comparison among predicates, those inside combinations included. On a stack of its own: rules may nest deep. */
export function* comparisonsOf(match: readonly Predicate[]): Generator<FieldPredicate> {
  const pending = [...match]
  for (let predicate = pending.pop(); predicate !== undefined; predicate = pending.pop()) {
    if (predicate.op === 'not') pending.push(predicate.of)
    else if (predicate.op === 'any_of' || predicate.op === 'all_of') for (const part of predicate.of) pending.push(part)
    else yield predicate
  }
}
