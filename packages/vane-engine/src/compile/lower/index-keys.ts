import { findField, type Predicate } from 'vane-core'

/** A condition that a field equals one of some texts: what a dispatch can decide by one look-up. */
export interface IndexKey {
  readonly field: string
  readonly values: ReadonlySet<string>
}

/** The key a predicate is, if it is one: `equals` or `in` on a field of text, or an `any_of` of such on one field. */
export function indexKeyOf(predicate: Predicate): IndexKey | undefined {
  switch (predicate.op) {
    case 'equals':
    case 'in': {
      const { field, value } = predicate
      const type = findField(field)?.type
      if (type !== 'string' && type !== 'enum') return undefined
      const values = typeof value === 'object' ? value : [value]
      return { field, values: new Set(values.filter((item) => typeof item === 'string')) }
    }
    case 'any_of': {
      const keys = predicate.of.map(indexKeyOf)
      const field = keys[0]?.field
      const values = new Set<string>()
      for (const key of keys) {
        if (field === undefined || key?.field !== field) return undefined
        for (const value of key.values) values.add(value)
      }
      return field === undefined ? undefined : { field, values }
    }
    default:
      return undefined
  }
}

/** How many comparisons a predicate is made of. */
export function countComparisons(predicate: Predicate): number {
  let count = 0
  const pending = [predicate]
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part.op === 'any_of' || part.op === 'all_of') for (const inner of part.of) pending.push(inner)
    else if (part.op === 'not') pending.push(part.of)
    else count++
  }
  return count
}
