import { findField, type Predicate } from 'vane-core'
import { comparisonsOf } from './comparisons-of.ts'

/** Whether predicates can only be decided once there is a request: the first field that needs one, `undefined` if none does. */
export function needsHttp(match: readonly Predicate[]): string | undefined {
  for (const { field } of comparisonsOf(match)) {
    const level = findField(field)?.level
    if (level === 'l7-header' || level === 'l7-body') return field
  }
  return undefined
}
