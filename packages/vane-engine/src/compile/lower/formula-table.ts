import { findField, INSPECTION_LEVELS, type FieldPredicate, type FieldType, type Predicate } from 'vane-core'
import { fieldLevel } from '../analyze.ts'
import { presenceOf, toAtom, type Atom, type Family, type Scalar } from './atom.ts'
import { Formula, type Substitution } from './formula.ts'

interface FieldFacts {
  readonly type: FieldType
  readonly level: number
  /** See {@link Formula.fields}. */
  readonly bit: number
  readonly atoms: Atom[]
  /** Nests that look-ups could find. */
  readonly families: Set<Family>
}

/** Makes the formulas of one graph and keeps equal ones equal. Its recursion is as deep as a rule file's nesting may be. */
export class FormulaTable {
  readonly true: Formula = combinationOf(1, 'true', [])
  readonly false: Formula = combinationOf(0, 'false', [])
  readonly #byKey = new Map<string, Formula>()
  readonly #fields = new Map<string, FieldFacts>()
  #nextId = 2

  /** The atoms that compare a field, so far. */
  atomsOf(field: string): readonly Atom[] {
    return this.#factsOf(field).atoms
  }

  /** The kinds of nests that look-ups on a field can find; where there are none, any look-up will do. */
  familiesOf(field: string): Iterable<Family> {
    const { families } = this.#factsOf(field)
    return families.size === 0 ? ['prefix'] : families
  }

  /** The bit of a field in {@link Formula.fields}. */
  bitOf(field: string): number {
    return this.#factsOf(field).bit
  }

  /** The formula of a rule's `match`: all of it must hold. */
  fromMatch(match: readonly Predicate[]): Formula {
    return this.and(match.map((predicate) => this.fromPredicate(predicate)))
  }

  fromPredicate(predicate: Predicate): Formula {
    switch (predicate.op) {
      case 'all_of':
        return this.fromMatch(predicate.of)
      case 'any_of':
        return this.or(this.#mergeValues(predicate.of).map((part) => this.fromPredicate(part)))
      case 'not':
        return this.not(this.fromPredicate(predicate.of))
      default:
        return this.#fromComparison(predicate)
    }
  }

  not(part: Formula): Formula {
    if (part === this.true) return this.false
    if (part === this.false) return this.true
    return part.kind === 'not' ? part.parts[0]! : this.#intern('not', [part])
  }

  and(parts: readonly Formula[]): Formula {
    return this.#combine('and', parts)
  }

  or(parts: readonly Formula[]): Formula {
    return this.#combine('or', parts)
  }

  /** What is left of a formula once some atoms are known. */
  substitute(formula: Formula, known: Substitution): Formula {
    if ((formula.fields & known.fields) === 0) return formula
    switch (formula.kind) {
      case 'true':
      case 'false':
        return formula
      case 'atom': {
        const atom = formula.atom!
        const truth = known.decide(atom)
        if (truth !== undefined) return truth ? this.true : this.false
        const values = known.narrow?.(atom)
        return values === undefined ? formula : this.#ofValues(atom.field, values)
      }
      case 'not':
        return this.not(this.substitute(formula.parts[0]!, known))
      default: {
        let isChanged = false
        const parts: Formula[] = []
        for (const part of formula.parts) {
          const left = this.substitute(part, known)
          if (left === (formula.kind === 'and' ? this.false : this.true)) return left
          isChanged ||= left !== part
          parts.push(left)
        }
        return isChanged ? this.#combine(formula.kind, parts) : formula
      }
    }
  }

  /** Whether a formula can still hold, as far as fields on the given levels (one bit each) say: the rest may be anything. */
  upperBound(formula: Formula, levels: number): Formula {
    return this.#bound(formula, { levels, open: this.true })
  }

  #bound(formula: Formula, { levels, open }: { readonly levels: number; readonly open: Formula }): Formula {
    if ((formula.levels & ~levels) === 0) return formula
    switch (formula.kind) {
      case 'not':
        return this.not(this.#bound(formula.parts[0]!, { levels, open: this.not(open) }))
      case 'and':
      case 'or':
        return this.#combine(
          formula.kind,
          formula.parts.map((part) => this.#bound(part, { levels, open })),
        )
      default:
        return open
    }
  }

  /** Comparisons become atoms and their complements; what compares nothing becomes a constant. */
  #fromComparison(predicate: FieldPredicate): Formula {
    const { op, field, value } = predicate
    switch (op) {
      case 'in':
        if (typeof value !== 'object' || value.length === 1)
          return this.#atom({ op: 'equals', field, value: firstOf(value) })
        return value.length === 0 ? this.false : this.#atom({ op, field, value: [...new Set(value)] })
      case 'not_in':
        if (typeof value === 'object' && value.length === 0) return this.#presence(field)
        return this.#complement({ op: 'in', field, value })
      case 'not_equals':
        return this.#complement({ op: 'equals', field, value })
      case 'not_contains':
        // Lists have no comparison that only asks whether they are there.
        return this.#factsOf(field).type === 'list'
          ? this.#atom(predicate)
          : this.#complement({ op: 'contains', field, value })
      case 'contains':
      case 'suffix':
        return value === '' && this.#factsOf(field).type !== 'list' ? this.#presence(field) : this.#atom(predicate)
      default:
        return this.#atom(predicate)
    }
  }

  #presence(field: string): Formula {
    return this.#atom(presenceOf(field, this.#factsOf(field).type))
  }

  /** What holds for a value that is there where a comparison does not. */
  #complement(predicate: FieldPredicate): Formula {
    // In this order the two become one check again where nothing comes between them.
    return this.and([this.not(this.#fromComparison(predicate)), this.#presence(predicate.field)])
  }

  #ofValues(field: string, values: readonly Scalar[]): Formula {
    return this.#fromComparison({ op: 'in', field, value: values.filter((value) => typeof value !== 'boolean') })
  }

  #atom(predicate: FieldPredicate): Formula {
    const { op, field, value } = predicate
    const key = JSON.stringify([op, field, value])
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const { type, level, bit, atoms, families } = this.#factsOf(field)
    const atom = toAtom(predicate, { id: this.#nextId, type, level })
    atoms.push(atom)
    if (atom.isIndexed && atom.nest !== undefined) families.add(atom.nest.family)
    const size = Math.max(1, atom.values?.length ?? 1)
    const formula = new Formula({
      id: this.#nextId++,
      kind: 'atom',
      parts: [],
      atom,
      size,
      levels: 1 << level,
      fields: bit,
    })
    this.#byKey.set(key, formula)
    return formula
  }

  #combine(kind: 'and' | 'or', given: readonly Formula[]): Formula {
    const neutral = kind === 'and' ? this.true : this.false
    const absorbing = kind === 'and' ? this.false : this.true
    const parts = new Set<Formula>()
    for (const part of given) {
      if (part === absorbing) return absorbing
      if (part === neutral) continue
      if (part.kind === kind) for (const inner of part.parts) parts.add(inner)
      else parts.add(part)
    }
    for (const part of parts) if (part.kind === 'not' && parts.has(part.parts[0]!)) return absorbing
    if (parts.size === 0) return neutral
    if (parts.size === 1) return [...parts][0]!
    // Stable: among equals the order is the operator's.
    return this.#intern(
      kind,
      [...parts].toSorted((a, b) => a.levels - b.levels),
    )
  }

  #intern(kind: 'not' | 'and' | 'or', parts: readonly Formula[]): Formula {
    let key: string = kind
    for (const part of parts) key += ` ${part.id}`
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const formula = combinationOf(this.#nextId++, kind, parts)
    this.#byKey.set(key, formula)
    return formula
  }

  /** Equality with one value of a field or another is a list of values: one comparison in place of many. */
  #mergeValues(parts: readonly Predicate[]): readonly Predicate[] {
    const values = new Map<string, Set<Scalar>>()
    const merged: (Predicate | string)[] = []
    for (const part of parts) {
      const isEquality = part.op === 'equals' || part.op === 'in'
      if (!isEquality || typeof part.value === 'boolean') {
        merged.push(part)
        continue
      }
      const { field, value } = part
      const known = values.get(field) ?? new Set<Scalar>()
      for (const item of typeof value === 'object' ? value : [value]) known.add(item)
      if (!values.has(field)) merged.push(field)
      values.set(field, known)
    }
    return merged.map((part) =>
      typeof part === 'string'
        ? { op: 'in', field: part, value: [...values.get(part)!].filter((item) => typeof item !== 'boolean') }
        : part,
    )
  }

  #factsOf(field: string): FieldFacts {
    const known = this.#fields.get(field)
    if (known !== undefined) return known
    const facts: FieldFacts = {
      // What no parser lets pass is as opaque as bytes are.
      type: findField(field)?.type ?? 'bytes',
      level: INSPECTION_LEVELS.indexOf(fieldLevel(field)),
      bit: 1 << Math.min(this.#fields.size, 30),
      atoms: [],
      families: new Set<Family>(),
    }
    this.#fields.set(field, facts)
    return facts
  }
}

function combinationOf(id: number, kind: Formula['kind'], parts: readonly Formula[]): Formula {
  let [size, levels, fields] = [0, 0, 0]
  for (const part of parts) {
    size += part.size
    levels |= part.levels
    fields |= part.fields
  }
  return new Formula({ id, kind, parts, atom: undefined, size, levels, fields })
}

function firstOf(value: FieldPredicate['value']): Scalar {
  return typeof value === 'object' ? value[0]! : value
}
