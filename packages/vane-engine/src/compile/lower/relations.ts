import { holdsFor, type Atom, type Scalar } from './atom.ts'
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
  readonly #consequences = new Map<Atom, BothConsequences>()
  readonly #presences = new Map<string, Presences>()

  constructor(formulas: FormulaTable, rules: readonly Ruling[]) {
    this.#formulas = formulas
    for (const { formula, entry } of rules) {
      const atoms = atomsOf(formula)
      for (const atom of atoms.length < 2 ? atoms : new Set(atoms)) {
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
    const { known, values, isLocal } = this.#consequencesOf(atom)[truth ? 'whenTrue' : 'whenFalse']
    const isAbsent = atom.isPresence && !truth
    return {
      fields: this.#formulas.bitOf(atom.field),
      decide: (other) => (isAbsent && other.field === atom.field ? false : known.get(other)),
      narrow: (other) => values.get(other),
      isLocal: isLocal && !isAbsent,
    }
  }

  /** Those of thousands are looked for once, and among the atoms that have been made since. */
  #presencesOf(field: string): readonly Atom[] {
    const all = this.#formulas.atomsOf(field)
    const known = this.#presences.get(field) ?? { seen: 0, atoms: [] }
    for (; known.seen < all.length; known.seen++) {
      const atom = all[known.seen]!
      if (atom.isPresence) known.atoms.push(atom)
    }
    this.#presences.set(field, known)
    return known.atoms
  }

  #consequencesOf(atom: Atom): BothConsequences {
    const others = this.#formulas.atomsOf(atom.field)
    const remembered = this.#consequences.get(atom)
    // What values are left of a list makes new atoms.
    if (remembered?.atoms === others.length) return remembered
    const near = (others.length > MAX_COMPARED_ATOMS ? this.#presencesOf(atom.field) : others).filter((other) => {
      if (other === atom) return false
      return other.isPresence || Math.max(other.values?.length ?? 0, atom.values?.length ?? 0) <= MAX_COMPARED_VALUES
    })
    const isShared = (this.#rulesOfAtom.get(atom) ?? 0) > 1
    const made = {
      atoms: others.length,
      whenTrue: consequences(atom, near, { truth: true, isShared }),
      whenFalse: consequences(atom, near, { truth: false, isShared }),
    }
    this.#consequences.set(atom, made)
    return made
  }
}

/** The atoms of a field that only ask for it to be there, among those looked at so far. */
interface Presences {
  seen: number
  readonly atoms: Atom[]
}

/** What the outcome of a check says of atoms of the rules. */
interface Consequences {
  readonly known: ReadonlyMap<Atom, boolean>
  /** Values that are left of atoms that stay open. */
  readonly values: ReadonlyMap<Atom, readonly Scalar[]>
  readonly isLocal: boolean
}

interface BothConsequences {
  /** How many atoms there were on the field. */
  readonly atoms: number
  readonly whenTrue: Consequences
  readonly whenFalse: Consequences
}

function consequences(
  atom: Atom,
  others: readonly Atom[],
  { truth, isShared }: { readonly truth: boolean; readonly isShared: boolean },
): Consequences {
  const known = new Map<Atom, boolean>([[atom, truth]])
  const values = new Map<Atom, readonly Scalar[]>()
  for (const other of others) {
    if (truth && implies(atom, other)) known.set(other, true)
    else if (truth ? excludes(atom, other) : implies(other, atom)) known.set(other, false)
    const left = other.values?.filter((value) => holdsFor(atom, value) === truth) ?? []
    if (left.length < (other.values?.length ?? 0)) values.set(other, left)
  }
  return { known, values, isLocal: !isShared && known.size === 1 && values.size === 0 }
}
