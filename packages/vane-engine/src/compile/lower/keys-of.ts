import type { Atom, Family } from './atom.ts'
import { atomsOf, MIN_REMEMBERED_PARTS, type Formula } from './formula.ts'

/** A field to look up, and what besides single values the look-up finds. */
export interface LookupField {
  readonly field: string
  readonly family: Family
}

/** Whether one look-up decides an atom. */
export function isLookedUp(atom: Atom, { field, family }: LookupField): boolean {
  return atom.field === field && atom.isIndexed && (atom.nest === undefined || atom.nest.family === family)
}

/**
 * Atoms of one field of which at least one must hold for the formula to hold; `undefined` if there are none. A formula
 * with keys needs a place only in those cases of a dispatch in which one of its keys holds.
 */
export function keysOf(formula: Formula, lookup: LookupField): readonly Atom[] | undefined {
  switch (formula.kind) {
    case 'atom':
      return isLookedUp(formula.atom!, lookup) ? [formula.atom!] : undefined
    case 'and':
    case 'or': {
      if (formula.parts.length < MIN_REMEMBERED_PARTS) return findKeys(formula, lookup)
      const name = `${lookup.family} ${lookup.field}`
      if (formula.keys?.has(name) === true) return formula.keys.get(name)
      const keys = findKeys(formula, lookup)
      formula.keys ??= new Map<string, readonly Atom[] | undefined>()
      formula.keys.set(name, keys)
      return keys
    }
    default:
      return undefined
  }
}

/** How many single values and nests atoms name. */
export function sizeOf(atoms: readonly Atom[]): number {
  return atoms.reduce((sum, atom) => sum + (atom.values?.length ?? 1), 0)
}

function findKeys(formula: Formula, lookup: LookupField): readonly Atom[] | undefined {
  return formula.kind === 'and' ? fewest(formula, lookup) : all(formula, lookup)
}

function fewest({ parts }: Formula, lookup: LookupField): readonly Atom[] | undefined {
  let best: readonly Atom[] | undefined
  for (const part of parts) {
    const keys = keysOf(part, lookup)
    if (keys !== undefined && (best === undefined || sizeOf(keys) < sizeOf(best))) best = keys
  }
  return best
}

function all({ parts }: Formula, lookup: LookupField): readonly Atom[] | undefined {
  const atoms = new Set<Atom>()
  for (const part of parts) {
    const keys = keysOf(part, lookup)
    if (keys === undefined) return undefined
    for (const atom of keys) atoms.add(atom)
  }
  return [...atoms]
}

// Trying every field of a rule with thousands of them would be quadratic, and the first few are those that matter.
const MAX_FIELDS = 8

/** What can be asked to get on with a formula. */
export interface Questions {
  /** Fields that a look-up can decide something of, in order. */
  readonly lookups: readonly string[]
  /** The first atom that only a check decides. */
  readonly opaque: Atom | undefined
}

/** What can be asked of a formula's atoms on the given levels (one bit each). */
export function questionsOf(formula: Formula, levels: number): Questions {
  const lookups = new Set<string>()
  let opaque: Atom | undefined
  for (const atom of atomsOf(formula)) {
    if (((1 << atom.level) & levels) === 0) continue
    if (atom.isIndexed) lookups.add(atom.field)
    else opaque ??= atom
    if (lookups.size === MAX_FIELDS) break
  }
  return { lookups: [...lookups], opaque }
}
