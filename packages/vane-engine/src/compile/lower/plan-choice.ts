import type { NodeId } from 'vane-core'
import type { Atom } from './atom.ts'
import type { Formula } from './formula.ts'
import type { FormulaTable } from './formula-table.ts'
import { keysOf, questionsOf, sizeOf, type LookupField } from './keys-of.ts'
import type { PlanContext, TestOptions } from './plan-test.ts'
import type { Entry, Part, RuleList, Ruling } from './rule-list.ts'
import { BODY_LEVELS, HEAD_LEVELS, type Plan, type Situation } from './situation.ts'

// Each part is a look-up more for every request; but it takes the place of as many checks as it has rules.
const MAX_PARTS = 32

/**
 * Plans a list whose rules have keys on different fields, such as hosts and paths by turns. To decide them together, what is
 * left of the paths would be copied for every host. So the rules of each field are a list of their own, a part; each part
 * finds its first rule by itself and notes it, and the first of those is the first of all. The cost of a match is a look-up
 * for each part, and the size is that of the rules.
 *
 * @param window rules that could be decided together otherwise.
 * @returns `undefined` where it is of no use.
 */
export function planChoice(
  context: PlanContext,
  { situation, list, credit }: TestOptions,
  window: number,
): Plan | undefined {
  const { choiceRules, emitter, work } = context
  const { formulas, lists } = context.tables
  // What a part has noted another choice would forget.
  if (situation.stage !== 'request' || list.entry!.part !== undefined || work.left === 0) return undefined
  const run = takeKeyed(formulas, list)
  work.left = Math.max(0, work.left - run.length)
  const groups = toGroups(run, Math.max(1, choiceRules >> 2))
  const members = groups.flatMap(({ items }) => items)
  const count = new Set(members.map(({ cell }) => cell)).size
  if (groups.length < 2 || count < choiceRules || count <= window || credit < list.size + 2 * members.length) {
    return undefined
  }

  context.cuts++
  const after = members.reduce((last, { at }) => Math.max(last, at), 0) + 1
  const rest: Situation = { ...situation, list: skip(list, after) }
  const parts = groups.map(({ items }) => {
    const part: Part = { node: undefined }
    const entries = new Map<Entry, Entry>()
    const rulings = items.map(({ formula, cell: { entry } }): Ruling => {
      const noted = entries.get(entry!) ?? { ...entry!, part }
      entries.set(entry!, noted)
      return { formula, entry: noted }
    })
    return { part, list: lists.prepend(rulings, lists.end(part)) }
  })
  return {
    // Each part leads into the one before it here, and the first into the choice.
    next: [rest, ...parts.map((part) => ({ ...situation, list: part.list }))],
    prepare: (nodes) => {
      const at = nodes.length - 1
      if (at >= 0) parts[at]!.part.node = at === 0 ? emitter.choose(nodes[0]!) : nodes[at]
    },
    emit: (nodes: readonly NodeId[]) => nodes.at(-1)!,
  }
}

/** A rule, or one alternative of it, and the look-ups that could find it. */
interface Item {
  readonly formula: Formula
  readonly cell: NonNullable<RuleList>
  /** Of the rule in the list. */
  readonly at: number
  readonly keys: readonly Key[]
}

/** A look-up on which a rule has keys. */
interface Key {
  readonly lookup: LookupField
  readonly atoms: readonly Atom[]
}

/** The rules from the head of a list on that look-ups can find without a body. */
function takeKeyed(formulas: FormulaTable, list: RuleList): Item[] {
  const items: Item[] = []
  let at = 0
  for (let cell = list; cell?.formula !== undefined; cell = cell.next, at++) {
    const { formula } = cell
    if ((formula.levels & BODY_LEVELS) !== 0) break
    // Alternatives are as many rules that do the same.
    const own = keysOfAll(formulas, formula)
    const alternatives = own.length === 0 && formula.kind === 'or' ? formula.parts : [formula]
    const found = alternatives.map((part): Item => ({
      formula: part,
      cell,
      at,
      keys: part === formula ? own : keysOfAll(formulas, part),
    }))
    if (found.some(({ keys }) => keys.length === 0)) break
    for (const item of found) items.push(item)
  }
  return items
}

function keysOfAll(formulas: FormulaTable, formula: Formula): Key[] {
  const found: Key[] = []
  for (const field of questionsOf(formula, HEAD_LEVELS).lookups) {
    for (const family of formulas.familiesOf(field)) {
      const lookup = { field, family }
      const atoms = keysOf(formula, lookup)
      if (atoms !== undefined) found.push({ lookup, atoms })
    }
  }
  return found
}

/** The items that one look-up finds. */
interface Group {
  readonly items: Item[]
}

/** Divides a run by look-ups, up to the first rule that belongs to none of the larger groups. */
function toGroups(run: readonly Item[], minMembers: number): Group[] {
  const values = new Map<string, Set<Atom>>()
  for (const { keys } of run) {
    for (const { lookup, atoms } of keys) {
      const name = nameOf(lookup)
      const known = values.get(name) ?? new Set<Atom>()
      for (const atom of atoms) known.add(atom)
      values.set(name, known)
    }
  }
  const selectivity = new Map([...values].map(([name, atoms]) => [name, sizeOf([...atoms])]))
  /** The most selective of the look-ups that may be used. */
  const choose = ({ keys }: Item, may: (name: string) => boolean): string | undefined => {
    let best: string | undefined
    for (const { lookup } of keys) {
      const name = nameOf(lookup)
      if (may(name) && (best === undefined || selectivity.get(name)! > selectivity.get(best)!)) best = name
    }
    return best
  }
  const members = new Map<string, number>()
  for (const item of run) {
    const name = choose(item, () => true)!
    members.set(name, (members.get(name) ?? 0) + 1)
  }
  const largest = [...members]
    .filter(([, count]) => count >= minMembers)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MAX_PARTS)
  const used = new Set(largest.map(([name]) => name))

  const groups = new Map<string, Group>()
  let at = 0
  while (at < run.length) {
    const { cell } = run[at]!
    let end = at
    while (run[end]?.cell === cell) end++
    const names = run.slice(at, end).map((item) => choose(item, (name) => used.has(name)))
    if (names.includes(undefined)) break
    names.forEach((name, index) => {
      const group = groups.get(name!) ?? { items: [] }
      group.items.push(run[at + index]!)
      groups.set(name!, group)
    })
    at = end
  }
  return [...groups.values()]
}

function nameOf({ field, family }: LookupField): string {
  return `${family} ${field}`
}

function skip(list: RuleList, count: number): RuleList {
  let cell = list
  for (let at = 0; at < count; at++) cell = cell?.next
  return cell
}
