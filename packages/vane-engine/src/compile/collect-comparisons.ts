import type { ComparisonUse, Predicate, Rule } from 'vane-core'

/** Every field with every operator that rules compare it by, each with the first rule that does: what a linker must offer. */
export function collectComparisons(rules: readonly Rule[]): ComparisonUse[] {
  const uses = new Map<string, ComparisonUse>()
  for (const { name, match } of rules) {
    const pending: Predicate[] = match.toReversed()
    for (let predicate = pending.pop(); predicate !== undefined; predicate = pending.pop()) {
      if ('field' in predicate) {
        const { field, op } = predicate
        const key = `${op} ${field}`
        if (!uses.has(key)) uses.set(key, { field, op, rule: name })
      } else if (predicate.op === 'not') {
        pending.push(predicate.of)
      } else {
        for (const part of predicate.of) pending.push(part)
      }
    }
  }
  return [...uses.values()]
}
