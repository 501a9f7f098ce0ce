import type { Atom, Scalar } from './atom.ts'

/** What a formula is made of. */
export interface FormulaParts {
  readonly id: number
  readonly kind: 'true' | 'false' | 'atom' | 'not' | 'and' | 'or'
  /** Of kind `atom` only. */
  readonly atom: Atom | undefined
  /** Of `not`, `and`, `or`. */
  readonly parts: readonly Formula[]
  /** Values its comparisons name; 0 for the constants. What size means wherever the growth of a graph is bounded. */
  readonly size: number
  /** Inspection levels its fields have, one bit each. */
  readonly levels: number
  /** Fields it mentions, one bit each; those past the thirtieth share one. */
  readonly fields: number
}

/**
 * A condition over atoms. Formulas are hash-consed: equal ones are the same object. `and` and `or` are flat, without
 * repeats, their parts sorted from shallow to deep fields, so that a body is looked at last.
 */
export class Formula implements FormulaParts {
  readonly id: number
  readonly kind: FormulaParts['kind']
  readonly atom: Atom | undefined
  readonly parts: readonly Formula[]
  readonly size: number
  readonly levels: number
  readonly fields: number
  /** Its atoms by field, filled on demand. */
  atomsByField: Map<string, readonly Atom[]> | undefined = undefined
  /** See `keysOf`. */
  keys: Map<string, readonly Atom[] | undefined> | undefined = undefined

  constructor({ id, kind, atom, parts, size, levels, fields }: FormulaParts) {
    this.id = id
    this.kind = kind
    this.atom = atom
    this.parts = parts
    this.size = size
    this.levels = levels
    this.fields = fields
  }
}

/** What is known of atoms, and where it applies. */
export interface Substitution {
  /** Fields it knows anything of, as in {@link Formula.fields}. */
  readonly fields: number
  /** The truth of an atom; `undefined` where it stays open. */
  decide(atom: Atom): boolean | undefined
  /** Of an atom that stays open: those of its values that are still possible, if not all are. */
  narrow?(atom: Atom): readonly Scalar[] | undefined
}

/** Formulas with fewer parts do not remember what is found in them: looking is quicker. */
export const MIN_REMEMBERED_PARTS = 8

/** The distinct atoms of a formula that compare a field, in order. */
export function atomsOn(formula: Formula, field: string): readonly Atom[] {
  if (formula.atom !== undefined) return formula.atom.field === field ? [formula.atom] : []
  const known = formula.atomsByField?.get(field)
  if (known !== undefined) return known
  const atoms: Atom[] = []
  collect(formula, field, atoms)
  const list = atoms.length < 2 ? atoms : [...new Set(atoms)]
  if (formula.parts.length >= MIN_REMEMBERED_PARTS) {
    formula.atomsByField ??= new Map<string, readonly Atom[]>()
    formula.atomsByField.set(field, list)
  }
  return list
}

function collect({ atom, parts }: Formula, field: string, atoms: Atom[]): void {
  if (atom?.field === field) atoms.push(atom)
  for (const part of parts) collect(part, field, atoms)
}

/** Every atom of a formula, in order, repeats kept. */
export function atomsOf(formula: Formula): Atom[] {
  const atoms: Atom[] = []
  const pending = [formula]
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part.atom !== undefined) atoms.push(part.atom)
    for (let index = part.parts.length - 1; index >= 0; index--) pending.push(part.parts[index]!)
  }
  return atoms
}
