import { findField, type Predicate } from 'vane-core'

/** Whether predicates can only be decided once there is a request: the first field that needs one, `undefined` if none does. */
export function needsHttp(match: readonly Predicate[]): string | undefined {
  const pending = [...match]
  for (let predicate = pending.pop(); predicate !== undefined; predicate = pending.pop()) {
    switch (predicate.op) {
      case 'any_of':
      case 'all_of':
        for (const part of predicate.of) pending.push(part)
        break
      case 'not':
        pending.push(predicate.of)
        break
      default: {
        const level = findField(predicate.field)?.level
        if (level === 'l7-header' || level === 'l7-body') return predicate.field
      }
    }
  }
  return undefined
}
