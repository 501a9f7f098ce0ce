import {
  evaluatePredicate,
  findField,
  networkContains,
  parseCidr,
  type FieldPredicate,
  type IpNetwork,
  type Predicate,
} from 'vane-core'

/**
 * Whether one predicate holding makes another hold, on every connection and request. `false` may mean "not known": the
 * answer is never wrong the other way.
 *
 * The nesting of a rule file bounds the recursion, `budget` the work: each comparison of two comparisons takes one.
 */
export function implies(premise: Predicate, conclusion: Predicate, budget: { left: number }): boolean {
  if (--budget.left < 0) return false
  if (conclusion.op === 'all_of') return conclusion.of.every((part) => implies(premise, part, budget))
  if (premise.op === 'any_of') return premise.of.every((part) => implies(part, conclusion, budget))
  if (premise.op === 'not' && conclusion.op === 'not') return implies(conclusion.of, premise.of, budget)
  if (conclusion.op === 'any_of' && conclusion.of.some((part) => implies(premise, part, budget))) return true
  if (premise.op === 'all_of') return premise.of.some((part) => implies(part, conclusion, budget))
  if (premise.op === 'not') return false
  const values = valuesOf(premise)
  if (values !== undefined) {
    if (!readsOnly(conclusion, premise.field, budget)) return false
    budget.left -= values.length
    return (
      budget.left >= 0 &&
      values.every((value) => evaluatePredicate(conclusion, (field) => readOf(premise, field, value)))
    )
  }
  return 'field' in conclusion && conclusion.field === premise.field && comparisonImplies(premise, conclusion)
}

function readOf(premise: FieldPredicate, field: string, value: string | number | boolean): typeof value | undefined {
  return field === premise.field ? value : undefined
}

/** All values a comparison lets its field have, where they can be counted. */
function valuesOf({ op, value }: FieldPredicate): readonly (string | number | boolean)[] | undefined {
  if (op === 'equals' && typeof value !== 'object') return [value]
  return op === 'in' && typeof value === 'object' ? value : undefined
}

/** Whether it reads this field only, and is cheap to evaluate: a pattern would be compiled each time. */
function readsOnly(predicate: Predicate, field: string, budget: { left: number }): boolean {
  if (--budget.left < 0) return false
  if ('field' in predicate) return predicate.field === field && predicate.op !== 'matches'
  const parts = predicate.op === 'not' ? [predicate.of] : predicate.of
  return parts.every((part) => readsOnly(part, field, budget))
}

/** Two comparisons of one field, the first of which has no countable values. */
function comparisonImplies(premise: FieldPredicate, conclusion: FieldPredicate): boolean {
  const one = premise.value
  const other = conclusion.value
  if (premise.op === conclusion.op && JSON.stringify(one) === JSON.stringify(other)) return true
  // Lists contain elements, not parts of them.
  if (findField(premise.field)?.type === 'list') return false
  // Whatever holds on a field, the field is there, and everything begins with nothing.
  const isText = typeof one === 'string' && typeof other === 'string'
  if (other === '' && (conclusion.op === 'prefix' || conclusion.op === 'suffix')) return true
  switch (premise.op) {
    case 'prefix':
      return isText && ((conclusion.op === 'prefix' && one.startsWith(other)) || hasPart(conclusion, one))
    case 'suffix':
      return isText && ((conclusion.op === 'suffix' && one.endsWith(other)) || hasPart(conclusion, one))
    case 'contains':
      return isText && hasPart(conclusion, one)
    case 'path_prefix':
      return isText && pathPrefixImplies(one, conclusion.op, other)
    case 'not_equals':
      return conclusion.op === 'not_in' && typeof other === 'object' && other.length === 1 && other[0] === one
    case 'not_in':
      return (
        typeof one === 'object' && listed(conclusion).every((value) => one.includes(value)) && isNegative(conclusion)
      )
    case 'cidr':
      return conclusion.op === 'cidr' && isText && contains(parseCidr(other), parseCidr(one))
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return rangeImplies(premise, conclusion)
    default:
      return false
  }
}

function hasPart(conclusion: FieldPredicate, text: string): boolean {
  return conclusion.op === 'contains' && text.includes(String(conclusion.value))
}

function isNegative({ op }: FieldPredicate): boolean {
  return op === 'not_equals' || op === 'not_in'
}

function listed({ value }: FieldPredicate): readonly (string | number)[] {
  if (typeof value === 'object') return value
  return typeof value === 'boolean' ? [] : [value]
}

/** `/api` stands for itself and `/api/…`, `/api/` for itself and what begins with it. */
function pathPrefixImplies(path: string, op: FieldPredicate['op'], other: string): boolean {
  if (op === 'path_prefix') return path === other || path.startsWith(other.endsWith('/') ? other : `${other}/`)
  return (op === 'prefix' && path.startsWith(other)) || (op === 'contains' && path.includes(other))
}

function contains(outer: IpNetwork | undefined, inner: IpNetwork | undefined): boolean {
  if (outer === undefined || inner === undefined) return false
  return outer.prefixLength <= inner.prefixLength && networkContains(outer, inner.address)
}

/** Ports are whole numbers, so that every bound is one of `>=` or `<=`. */
function rangeImplies(premise: FieldPredicate, conclusion: FieldPredicate): boolean {
  const [low, high] = boundsOf(premise)
  const [otherLow, otherHigh] = boundsOf(conclusion)
  return low >= otherLow && high <= otherHigh
}

function boundsOf({ op, value }: FieldPredicate): readonly [low: number, high: number] {
  const number = Number(value)
  switch (op) {
    case 'gt':
      return [number + 1, Infinity]
    case 'gte':
      return [number, Infinity]
    case 'lt':
      return [-Infinity, number - 1]
    case 'lte':
      return [-Infinity, number]
    default:
      // Nothing lies within it.
      return [Infinity, -Infinity]
  }
}
