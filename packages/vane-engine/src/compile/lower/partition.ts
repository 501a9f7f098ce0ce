import { holdsFor, type Atom } from './atom.ts'
import { atomsOn, type Substitution } from './formula.ts'
import type { FormulaTable } from './formula-table.ts'
import { isLookedUp, keysOf, type LookupField } from './keys-of.ts'
import { atomsAt, toItems, type Item } from './nest.ts'
import { excludes, implies } from './relate.ts'
import { isLast, sizeOf, type ListTable, type RuleList, type Ruling } from './rule-list.ts'

// Rules considered for each unit of size allowed.
const MAX_WORK_FACTOR = 8

/** The tables formulas and lists are made with. */
export interface Tables {
  readonly formulas: FormulaTable
  readonly lists: ListTable
}

/** What a look-up on a field leaves of a list, for everything it can find. */
export interface Partition {
  readonly items: readonly Item[]
  /** For each item, an index into `lists`: items that leave the same rules have the same list. */
  readonly listOf: readonly number[]
  /** The first is what is left where nothing is found. */
  readonly lists: readonly RuleList[]
}

/** What {@link partition} divides. */
export interface PartitionOptions {
  readonly rules: readonly Ruling[]
  /** What follows the rules in every part. */
  readonly rest: RuleList
  readonly lookup: LookupField
  /** Cases and sizes of the lists together. */
  readonly maxSize: number
}

/** Divides rules by what a look-up on one field finds; `undefined` where the parts would be larger than allowed. */
export function partition({ formulas, lists }: Tables, options: PartitionOptions): Partition | undefined {
  const { rules, rest, lookup, maxSize } = options
  const { atoms, others, wild, byKey } = sortOut(formulas, rules, lookup)
  const items = toItems([...atoms], lookup.family)
  let size = items.length + 1
  let work = 0
  const bit = formulas.bitOf(lookup.field)
  const hasBytes = rest?.hasBytes === true || rules.some(({ entry }) => entry.carrier === 'bytes')

  /** The rules left where `known` is what is known of the field. */
  const narrow = (indices: readonly number[], known: Substitution): RuleList => {
    const left: Ruling[] = []
    let end = rest
    // What is looked at in vain costs time, if no nodes.
    work += indices.length
    if (work > MAX_WORK_FACTOR * maxSize) size = Infinity
    if (size > maxSize) return undefined
    for (const index of indices) {
      const { formula, entry } = rules[index]!
      const narrowed = formulas.substitute(formula, known)
      if (narrowed.kind === 'false') continue
      left.push({ formula: narrowed, entry })
      size += narrowed.size
      if (size > maxSize) return undefined
      if (isLast({ formula: narrowed, entry }, { hasBytes, isFirst: left.length === 1 })) {
        end = undefined
        break
      }
    }
    size += sizeOf(end)
    return lists.prepend(left, end)
  }

  const results: RuleList[] = [
    narrow(wild, { fields: bit, decide: (atom) => (isLookedUp(atom, lookup) ? false : undefined) }),
  ]
  const groups = new Map<string, number>()
  const listOf: number[] = []
  // Patterns cost a thousand look-ups each: where many values meet many of them, they are left to be checked.
  const isEvaluated = others.size * items.length <= 4 * maxSize
  for (const item of items) {
    if (size > maxSize) return undefined
    const holding = atomsAt(item)
    const truths = others.size === 0 ? NOTHING : isEvaluated ? truthsAt(item, others) : presenceIn(others)
    let name = ''
    for (const atom of holding) name += ` ${atom.id}`
    for (const [atom, truth] of truths) name += truth ? ` +${atom.id}` : ` -${atom.id}`
    let group = groups.get(name)
    if (group === undefined) {
      const indices = merge(holding, byKey, wild)
      const decide = (atom: Atom): boolean | undefined =>
        isLookedUp(atom, lookup) ? holding.includes(atom) : atom.field === lookup.field ? truths.get(atom) : undefined
      group = results.push(narrow(indices, { fields: bit, decide })) - 1
      groups.set(name, group)
    }
    listOf.push(group)
  }
  if (size > maxSize) return undefined
  return { items, listOf, lists: results }
}

const NOTHING: ReadonlyMap<Atom, boolean> = new Map()

interface SortedOut {
  /** What the look-up decides. */
  readonly atoms: ReadonlySet<Atom>
  /** Other atoms on the field. */
  readonly others: ReadonlySet<Atom>
  /** Rules, by index, that may hold whatever is found. */
  readonly wild: readonly number[]
  /** Rules that can only hold where one of these atoms does. */
  readonly byKey: ReadonlyMap<Atom, readonly number[]>
}

function sortOut(formulas: FormulaTable, rules: readonly Ruling[], lookup: LookupField): SortedOut {
  const atoms = new Set<Atom>()
  const others = new Set<Atom>()
  const wild: number[] = []
  const byKey = new Map<Atom, number[]>()
  const bit = formulas.bitOf(lookup.field)
  rules.forEach(({ formula }, index) => {
    if ((formula.fields & bit) === 0) {
      wild.push(index)
      return
    }
    for (const atom of atomsOn(formula, lookup.field)) (isLookedUp(atom, lookup) ? atoms : others).add(atom)
    const keys = keysOf(formula, lookup)
    if (keys === undefined) wild.push(index)
    for (const atom of keys ?? []) {
      const known = byKey.get(atom)
      if (known === undefined) byKey.set(atom, [index])
      else known.push(index)
    }
  })
  return { atoms, others, wild, byKey }
}

/** Rules that can hold where the given atoms do, in order. */
function merge(
  holding: readonly Atom[],
  byKey: ReadonlyMap<Atom, readonly number[]>,
  wild: readonly number[],
): readonly number[] {
  if (holding.length === 1 && wild.length === 0) return byKey.get(holding[0]!) ?? wild
  const found = holding.flatMap((atom) => byKey.get(atom) ?? [])
  if (found.length === 0) return wild
  return [...new Set([...found, ...wild])].toSorted((a, b) => a - b)
}

/** What finding an item says of the atoms that it does not look up. */
function truthsAt(item: Item, others: ReadonlySet<Atom>): ReadonlyMap<Atom, boolean> {
  const truths = new Map<Atom, boolean>()
  const nest = item.kind === 'equals' ? undefined : item.atoms[0]!
  for (const atom of others) {
    if (nest === undefined) truths.set(atom, holdsFor(atom, item.value))
    else if (implies(nest, atom)) truths.set(atom, true)
    else if (excludes(nest, atom)) truths.set(atom, false)
  }
  return truths
}

function presenceIn(others: ReadonlySet<Atom>): ReadonlyMap<Atom, boolean> {
  return new Map([...others].filter((atom) => atom.isPresence).map((atom) => [atom, true]))
}
