import type { NodeId } from 'vane-core'
import type { AnalyzedRule } from '../analyze.ts'
import type { Formula } from './formula.ts'

/** Where a rule can be carried out: on bytes, on requests, or wherever it is found to match. */
export type Carrier = 'bytes' | 'http' | 'any'

/** A rule of a listener, in its place. */
export interface Entry {
  readonly index: number
  readonly analyzed: AnalyzedRule
  readonly carrier: Carrier
  /** Where it is only noted, and then the next part is decided. */
  readonly part?: Part
}

/** A list that is decided by itself, and then another one, before a choice is made between what both have found. */
export interface Part {
  /** Where it leads in the end; set before anything leads there. */
  node: NodeId | undefined
}

/**
 * The rules that are still possible, first to last, each with what is left of its condition. Lists are hash-consed and
 * share their ends. A list ends with a rule after which nothing can be reached, with `undefined` (no rule matched), with a
 * joint (a list that is decided on its own, by nodes that several paths share), or with the end of a part.
 */
export type RuleList = Cell | undefined

/** One rule of a list, or its joint. */
export interface Cell {
  readonly id: number
  /** `undefined`: this is a joint, or the end of a part. */
  readonly formula: Formula | undefined
  readonly entry: Entry | undefined
  /** The rest of the list; of a joint, the list it leads to. */
  readonly next: RuleList
  /** The part that ends here. */
  readonly end: Part | undefined
  /** Sum of the formulas' sizes up to the joint: the most nodes and cases that plain checks need. */
  readonly size: number
  /** Whether some rule, beyond the joint too, can only be carried out on bytes. */
  readonly hasBytes: boolean
  /** Lists that begin with one rule more: see {@link ListTable}. */
  readonly longer: Longer
}

/** What stands right before a list, by key. Most lists have one. */
interface Longer {
  firstKey: number | undefined
  first: Cell | undefined
  others: Map<number, Cell> | undefined
}

// Formulas and entries are fewer than this by far, and a pair of them still is an exact number.
const MAX_ENTRIES = 2 ** 26

/** Makes lists, and keeps equal ones equal: each list knows those that are longer by one. */
export class ListTable {
  readonly #empty: Longer = { firstKey: undefined, first: undefined, others: undefined }
  readonly #entries = new Map<Entry, number>()
  #cells = 0

  /** @param next is dropped where nothing after the rule can be reached. */
  add(formula: Formula, entry: Entry, next: RuleList): Cell {
    const rest = isLast({ formula, entry }, { hasBytes: next?.hasBytes === true, isFirst: false }) ? undefined : next
    const key = formula.id * MAX_ENTRIES + this.#numberOf(entry)
    const known = this.#find(key, rest)
    if (known !== undefined) return known
    const hasBytes = entry.carrier === 'bytes' || rest?.hasBytes === true
    return this.#keep(key, { formula, entry, next: rest, end: undefined, size: formula.size + sizeOf(rest), hasBytes })
  }

  /** The end of a part, which no other list has. */
  end(part: Part): Cell {
    return this.#make({ formula: undefined, entry: undefined, next: undefined, end: part, size: 0, hasBytes: false })
  }

  /** A joint before a list; the end needs none. */
  joint(list: RuleList): RuleList {
    if (list?.formula === undefined) return list
    const { hasBytes } = list
    return (
      this.#find(-1, list) ??
      this.#keep(-1, { formula: undefined, entry: undefined, next: list, end: undefined, size: 0, hasBytes })
    )
  }

  /** Rules in front of a list. */
  prepend(rules: readonly Ruling[], list: RuleList): RuleList {
    let result = list
    for (let index = rules.length - 1; index >= 0; index--) {
      const { formula, entry } = rules[index]!
      result = this.add(formula, entry, result)
    }
    return result
  }

  #find(key: number, next: RuleList): Cell | undefined {
    const longer = next === undefined ? this.#empty : next.longer
    return longer.firstKey === key ? longer.first : longer.others?.get(key)
  }

  #numberOf(entry: Entry): number {
    const known = this.#entries.get(entry)
    if (known !== undefined) return known
    const number = this.#entries.size
    this.#entries.set(entry, number)
    return number
  }

  #make(parts: Omit<Cell, 'id' | 'longer'>): Cell {
    return { id: this.#cells++, ...parts, longer: { firstKey: undefined, first: undefined, others: undefined } }
  }

  #keep(key: number, parts: Omit<Cell, 'id' | 'longer'>): Cell {
    const longer = parts.next === undefined ? this.#empty : parts.next.longer
    const cell = this.#make(parts)
    if (longer.firstKey === undefined) {
      longer.firstKey = key
      longer.first = cell
    } else {
      longer.others ??= new Map<number, Cell>()
      longer.others.set(key, cell)
    }
    return cell
  }
}

/** A rule with what is left of its condition. */
export interface Ruling {
  readonly formula: Formula
  readonly entry: Entry
}

/**
 * Whether nothing after a rule can be reached: it always holds. But if it answers HTTP, there are still connections that do
 * not speak it, for rules that forward bytes; and if it forwards bytes, there are those that rules before it have made
 * HTTP, whose bytes have been read.
 */
export function isLast({ formula, entry }: Ruling, { hasBytes, isFirst }: ListPlace): boolean {
  if (formula.kind !== 'true') return false
  return entry.carrier === 'any' || (entry.carrier === 'http' ? !hasBytes : isFirst)
}

/** Where a rule stands in a list. */
export interface ListPlace {
  /** Whether some rule after it can only be carried out on bytes. */
  readonly hasBytes: boolean
  /** Whether no rule comes before it. */
  readonly isFirst: boolean
}

/** A list, or where its joint leads. */
export function pastJoint(list: RuleList): RuleList {
  return list !== undefined && list.formula === undefined && list.end === undefined ? list.next : list
}

/** See {@link Cell.size}. */
export function sizeOf(list: RuleList): number {
  return list?.size ?? 0
}

/** The rules of a list up to its joint, `limit` at most, and the list after them. */
export function takeRules(
  list: RuleList,
  limit: number,
): { readonly rules: readonly Ruling[]; readonly rest: RuleList } {
  const rules: Ruling[] = []
  let cell = list
  for (; cell?.formula !== undefined && rules.length < limit; cell = cell.next) {
    rules.push({ formula: cell.formula, entry: cell.entry! })
  }
  return { rules, rest: cell }
}
