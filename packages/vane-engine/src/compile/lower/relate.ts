import { networkContains, parseCidr } from 'vane-core'
import { implies as impliesPredicate } from '../implies.ts'
import { holdsFor, type Atom } from './atom.ts'

// Comparisons of values that one pair of atoms may take.
const MAX_WORK = 256

/**
 * Whether one atom holding means that another on the same field holds. "No" may be answered for want of knowledge: then
 * the other is evaluated though it need not be.
 */
export function implies(a: Atom, b: Atom): boolean {
  if (a === b || b.isPresence) return true
  return !a.isPresence && impliesPredicate(a.predicate, b.predicate, { left: MAX_WORK })
}

/** Whether two atoms on the same field cannot both hold. "No" may be answered for want of knowledge. */
export function excludes(a: Atom, b: Atom): boolean {
  if (a === b || a.isPresence || b.isPresence) return false
  if (a.values !== undefined) return a.values.length <= MAX_WORK && !a.values.some((value) => holdsFor(b, value))
  if (b.values !== undefined) return excludes(b, a)
  const [one, other] = [String(a.predicate.value), String(b.predicate.value)]
  switch (a.predicate.op) {
    case 'prefix':
    case 'path_prefix':
      return startsAt(b) && !encloses(a, other) && !encloses(b, one)
    case 'suffix':
      return b.predicate.op === 'suffix' && !one.endsWith(other) && !other.endsWith(one)
    case 'cidr':
      return b.predicate.op === 'cidr' && areApart(one, other)
    case 'contains':
      return b.predicate.op === 'not_contains' && one === other
    case 'not_contains':
      return b.predicate.op === 'contains' && one === other
    case 'gt':
    case 'gte':
      return isBelow(b, Number(one))
    case 'lt':
    case 'lte':
      return (b.predicate.op === 'gt' || b.predicate.op === 'gte') && isBelow(a, Number(other))
    default:
      return false
  }
}

function startsAt({ predicate: { op } }: Atom): boolean {
  return op === 'prefix' || op === 'path_prefix'
}

/** Whether texts that begin in another way may be among those of a prefix. */
function encloses({ predicate: { op, value } }: Atom, text: string): boolean {
  const prefix = String(value)
  return text === prefix || text.startsWith(op === 'prefix' || prefix.endsWith('/') ? prefix : `${prefix}/`)
}

function areApart(one: string, other: string): boolean {
  const [a, b] = [parseCidr(one), parseCidr(other)]
  if (a === undefined || b === undefined) return false
  // Of two networks that meet one holds the other's first address.
  return !networkContains(a, b.address) && !networkContains(b, a.address)
}

/** Whether what an atom holds for ends before a bound. Where they only touch, they may meet. */
function isBelow({ predicate: { op, value } }: Atom, bound: number): boolean {
  return (op === 'lt' || op === 'lte') && Number(value) < bound
}
