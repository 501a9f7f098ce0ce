import { quoted, type Diagnostic, type FieldPredicate, type Predicate, type Rule } from 'vane-core'
import type { ListenerRules } from './group-listeners.ts'
import { implies } from './implies.ts'

// Comparing every rule with every other would be quadratic: past this much work, later rules are not looked at.
const MAX_STEPS = 300_000

/**
 * Warns of rules that never match because an earlier rule on each of their listeners always does. It knows simple cases
 * only (the same conditions or fewer, wider prefixes, networks and lists), but is never wrong about those it reports.
 */
export function warnUnreachable(listeners: readonly ListenerRules[]): Diagnostic[] {
  const budget = { left: MAX_STEPS }
  /** For each rule, what hides it, listener by listener; `undefined` once there is one on which nothing does. */
  const hidden = new Map<Rule, Rule | undefined>()
  for (const { rules } of listeners) {
    const earlier = new EarlierRules()
    for (const { rule } of rules) {
      const by = earlier.findHiding(rule, budget)
      hidden.set(rule, hidden.has(rule) && hidden.get(rule) === undefined ? undefined : by)
      earlier.add(rule)
    }
  }
  return [...hidden].flatMap(([rule, by]) => (by === undefined ? [] : [toWarning(rule, by)]))
}

function toWarning(rule: Rule, by: Rule): Diagnostic {
  return {
    severity: 'warning',
    code: 'unreachable-rule',
    message: `rule ${quoted(rule.name)} never matches: rule ${quoted(by.name)} is tried earlier and holds whenever it does`,
    span: rule.source,
    suggestion: 'give it a higher "priority", or remove it',
    related: [{ message: `rule ${quoted(by.name)} is here`, span: by.source }],
  }
}

/** The rules of a listener that are tried before the present one, filed under one of their conditions. */
class EarlierRules {
  #always: Rule | undefined
  /** By field and value of an equality, or by field alone. */
  readonly #byKey = new Map<string, Rule[]>()

  add(rule: Rule): void {
    const conditions = rule.match.flatMap(unfold)
    if (conditions.length === 0) this.#always ??= rule
    const keys = conditions.map(keyOf)
    const key = keys.find((candidate) => candidate.includes('=')) ?? keys[0] ?? ''
    const filed = this.#byKey.get(key)
    if (filed === undefined) this.#byKey.set(key, [rule])
    else filed.push(rule)
  }

  findHiding(rule: Rule, budget: { left: number }): Rule | undefined {
    if (this.#always !== undefined) return this.#always
    const conditions = rule.match.flatMap(unfold)
    const premise: Predicate = { op: 'all_of', of: conditions }
    for (const key of new Set(conditions.flatMap((condition) => [keyOf(condition), fieldKey(condition)]))) {
      for (const candidate of this.#byKey.get(key) ?? []) {
        if (budget.left <= 0) return undefined
        if (candidate.match.every((part) => implies(premise, part, budget))) return candidate
      }
    }
    return undefined
  }
}

function unfold(predicate: Predicate): readonly Predicate[] {
  return predicate.op === 'all_of' ? predicate.of.flatMap(unfold) : [predicate]
}

function keyOf(predicate: Predicate): string {
  return predicate.op === 'equals' ? `${predicate.field}=${JSON.stringify(predicate.value)}` : fieldKey(predicate)
}

/** A field that the predicate reads; combinations are filed under the first. */
function fieldKey(predicate: Predicate): string {
  let part = predicate
  while (!isComparison(part)) part = part.op === 'not' ? part.of : part.of[0]!
  return part.field
}

function isComparison(predicate: Predicate): predicate is FieldPredicate {
  return 'field' in predicate
}
