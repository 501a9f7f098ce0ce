import type { Atom } from './atom.ts'
import { atomsOn } from './formula.ts'
import type { FormulaTable } from './formula-table.ts'
import { isLookedUp, keysOf, sizeOf, type LookupField } from './keys-of.ts'
import type { Relations } from './relations.ts'
import { sizeOf as sizeOfList, type Cell, type RuleList } from './rule-list.ts'

/** A look-up and how much of a list it is worth doing for. */
export interface LookupChoice {
  readonly lookup: LookupField
  /** Rules from the head of the list; those after it the look-up says nothing of, unless it is cut there. */
  readonly rules: number
  /** Whether the rules go on into the rest of the list; otherwise they lead to it by a joint. */
  readonly isOpen: boolean
  /** Estimate of what the rules grow to. */
  readonly cost: number
}

/** What {@link chooseLookup} chooses among. */
export interface ChoiceOptions {
  readonly formulas: FormulaTable
  readonly relations: Relations
  readonly fields: readonly string[]
  /** Nodes that may be spent for each unit of a list's size. */
  readonly ratio: number
  /** Rules that may still be looked at ahead; what was looked at is taken off. */
  readonly work: { left: number }
}

// Even with all work spent some rules are looked at together, so that a look-up stays one.
const MIN_WINDOW = 64

/**
 * Chooses the look-up that serves the most rules of a list: those that have a key on the field. Rules without one must be
 * copied into every case, so the list is cut before they make it too large.
 */
export function chooseLookup(list: Cell, options: ChoiceOptions): LookupChoice {
  let best: (LookupChoice & { readonly score: number }) | undefined
  for (const field of options.fields) {
    const asked = atomsOn(list.formula!, field)
    for (const family of options.formulas.familiesOf(field)) {
      const lookup = { field, family }
      // It must get on with the head.
      if (!asked.some((atom) => isLookedUp(atom, lookup))) continue
      const { rules, isOpen, cost, keyed, cases, hasNests } = scan(list, { lookup, ...options })
      // A hash is quicker than a tree and its cases do not lie in each other. Many cases leave little to be done after.
      const score = keyed * (hasNests ? 1 : 2) + cases / (cases + 1)
      if (best === undefined || score > best.score) best = { lookup, rules, isOpen, cost, score }
    }
  }
  return best!
}

interface ScanOptions extends ChoiceOptions {
  readonly lookup: LookupField
}

interface Scan {
  readonly rules: number
  readonly isOpen: boolean
  readonly cost: number
  /** Rules among them that have a key. */
  readonly keyed: number
  readonly cases: number
  readonly hasNests: boolean
}

/** Estimates how far down a list a look-up can reach before its parts outgrow the ratio. */
function scan(list: Cell, { formulas, relations, lookup, ratio, work }: ScanOptions): Scan {
  const bit = formulas.bitOf(lookup.field)
  const last = relations.lastOf(lookup.field)
  const atoms = new Set<Atom>()
  let best: Scan = { rules: 1, keyed: 0, cases: 0, hasNests: false, isOpen: false, cost: 0 }
  let [rules, keyed, cases, size] = [0, 0, 0, 0]
  // What the rules with keys leave in their cases, and what the others leave in every case.
  let [own, shared] = [0, 0]
  let hasNests = false
  const window = Math.max(MIN_WINDOW, work.left)
  let cell: RuleList = list
  for (; cell?.formula !== undefined && cell.entry!.index <= last; cell = cell.next) {
    if (rules === window) return best
    const { formula } = cell
    const isMentioned = (formula.fields & bit) !== 0
    const keys = isMentioned ? keysOf(formula, lookup) : undefined
    rules++
    size += formula.size
    for (const atom of isMentioned ? atomsOn(formula, lookup.field) : []) {
      if (atoms.has(atom) || !isLookedUp(atom, lookup)) continue
      atoms.add(atom)
      cases += atom.values?.length ?? 1
      hasNests ||= atom.nest !== undefined
    }
    if (keys === undefined) {
      shared += formula.size
    } else {
      keyed++
      own += (formula.size - sizeOf(keys)) * keys.length
    }
    const cost = own + cases + shared * (atoms.size + 1)
    if (cost <= ratio * size) {
      if (keys !== undefined) best = { rules, keyed, cases, hasNests, isOpen: false, cost }
    } else if (cost > 8 * ratio * size + MIN_WINDOW) {
      work.left = Math.max(0, work.left - rules)
      return best
    }
  }
  work.left = Math.max(0, work.left - rules)
  const rest = sizeOfList(cell)
  const cost = own + cases + (shared + rest) * (atoms.size + 1)
  return cost <= ratio * (size + rest) ? { rules, keyed, cases, hasNests, isOpen: true, cost } : best
}
