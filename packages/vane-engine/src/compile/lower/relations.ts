import type { Atom } from './atom.ts'
import { atomsOf, type Formula, type Substitution } from './formula.ts'
import type { FormulaTable } from './formula-table.ts'
import { excludes, implies } from './relate.ts'
import type { Ruling } from './rule-list.ts'

/** What the outcome of a check says of all atoms on its field. */
export interface Outcome extends Substitution {
  /** Whether it says nothing of rules other than the one it was made for. */
  readonly isLocal: boolean
}

// Each pair of atoms on a field is compared; past this, only the same atom is recognised.
const MAX_COMPARED_ATOMS = 256
const MAX_COMPARED_VALUES = 64

/** What the rules of one listener have to do with each other: fields and atoms they share, atoms that decide others. */
export class Relations {
  readonly #formulas: FormulaTable
  readonly #rulesOfField = new Map<string, number>()
  readonly #rulesOfAtom = new Map<Atom, number>()
  readonly #lastOfField = new Map<string, number>()
  readonly #outcomes = new Map<Atom, Record<'whenTrue' | 'whenFalse', ReadonlyMap<Atom, boolean>>>()

  constructor(formulas: FormulaTable, rules: readonly Ruling[]) {
    this.#formulas = formulas
    for (const { formula, entry } of rules) {
      const atoms = new Set<Atom>()
      for (const atom of atomsOf(formula)) {
        if (atoms.has(atom)) continue
        atoms.add(atom)
        this.#rulesOfAtom.set(atom, (this.#rulesOfAtom.get(atom) ?? 0) + 1)
        // Rules come in order, so that a field's last is this one if it has been seen here.
        if (this.#lastOfField.get(atom.field) === entry.index) continue
        this.#rulesOfField.set(atom.field, (this.#rulesOfField.get(atom.field) ?? 0) + 1)
        this.#lastOfField.set(atom.field, entry.index)
      }
    }
  }

  /** The last rule that mentions a field, by its place on the listener. */
  lastOf(field: string): number {
    return this.#lastOfField.get(field) ?? -1
  }

  /** Whether no comparison of a formula says anything of another, here or in other rules. */
  isAlone(formula: Formula): boolean {
    const fields = new Set<string>()
    for (const { field } of atomsOf(formula)) {
      if (fields.has(field) || (this.#rulesOfField.get(field) ?? 0) > 1) return false
      fields.add(field)
    }
    return true
  }

  /** What is known once a check has held or missed. */
  outcome(atom: Atom, truth: boolean): Outcome {
    const { whenTrue, whenFalse } = this.#outcomesOf(atom)
    const known = truth ? whenTrue : whenFalse
    const isAbsent = atom.isPresence && !truth
    return {
      fields: this.#formulas.bitOf(atom.field),
      decide: (other) => (isAbsent && other.field === atom.field ? false : known.get(other)),
      isLocal: !isAbsent && known.size === 1 && (this.#rulesOfAtom.get(atom) ?? 0) === 1,
    }
  }

  #outcomesOf(atom: Atom): Record<'whenTrue' | 'whenFalse', ReadonlyMap<Atom, boolean>> {
    const known = this.#outcomes.get(atom)
    if (known !== undefined) return known
    const whenTrue = new Map<Atom, boolean>([[atom, true]])
    const whenFalse = new Map<Atom, boolean>([[atom, false]])
    const others = this.#formulas.atomsOf(atom.field)
    const isCompared = others.length <= MAX_COMPARED_ATOMS
    for (const other of others) {
      if (other === atom || !this.#rulesOfAtom.has(other)) continue
      const isSmall = Math.max(other.values?.length ?? 0, atom.values?.length ?? 0) <= MAX_COMPARED_VALUES
      if (!other.isPresence && !(isCompared && isSmall)) continue
      if (implies(atom, other)) whenTrue.set(other, true)
      else if (excludes(atom, other)) whenTrue.set(other, false)
      if (implies(other, atom)) whenFalse.set(other, false)
    }
    const outcomes = { whenTrue, whenFalse }
    this.#outcomes.set(atom, outcomes)
    return outcomes
  }
}
