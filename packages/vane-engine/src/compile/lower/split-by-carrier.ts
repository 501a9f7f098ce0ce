import type { Substitution } from './formula.ts'
import type { Cell, RuleList } from './rule-list.ts'
import type { Tables } from './partition.ts'
import { CONNECTION_LEVELS } from './situation.ts'

/** Which rules of a list are left once it is known whether the connection is read as HTTP. */
export class CarrierSplit {
  readonly #tables: Tables
  readonly #requests = new Map<Cell, RuleList>()
  readonly #bytes = new Map<Cell, RuleList>()

  constructor(tables: Tables) {
    this.#tables = tables
  }

  /** After `upgrade`: without those that forward bytes, which have been read. */
  forRequests(list: RuleList): RuleList {
    if (list?.hasBytes !== true) return list
    return this.#map(list, this.#requests, (cell, next) =>
      cell.entry!.carrier === 'bytes' ? next : this.#tables.lists.add(cell.formula!, cell.entry!, next),
    )
  }

  /** Of a connection that does not speak HTTP: without those that answer requests; all that is known of requests is absent. */
  forBytes(list: RuleList): RuleList {
    const { formulas, lists } = this.#tables
    return this.#map(list, this.#bytes, (cell, next) => {
      if (cell.entry!.carrier === 'http') return next
      const formula = formulas.substitute(cell.formula!, NO_REQUEST)
      return formula.kind === 'false' ? next : lists.add(formula, cell.entry!, next)
    })
  }

  #map(list: RuleList, known: Map<Cell, RuleList>, change: (cell: Cell, next: RuleList) => RuleList): RuleList {
    const cells: Cell[] = []
    let cell = list
    for (; cell !== undefined && !known.has(cell); cell = cell.next) cells.push(cell)
    let result = cell === undefined ? undefined : known.get(cell)
    for (const current of cells.toReversed()) {
      result = current.formula === undefined ? this.#tables.lists.joint(result) : change(current, result)
      known.set(current, result)
    }
    return result
  }
}

const NO_REQUEST: Substitution = {
  fields: -1,
  decide: ({ level }) => (((1 << level) & CONNECTION_LEVELS) === 0 ? false : undefined),
}
