import type { CollectBody, NodeId } from 'vane-core'
import type { Formula } from './formula.ts'
import { BODY_LEVELS } from './situation.ts'
import type { TestEmitter } from './test-emitter.ts'

/** Where a test leads: when no body has been collected on the way, and when one has. */
export interface Ends {
  readonly plain: NodeId
  readonly collected: NodeId
}

/** Where a formula leads, and how its checks collect a body. */
export interface FormulaEdges {
  readonly onMatch: Ends
  readonly onMiss: Ends
  /** On the first check of a body on a path. */
  readonly body: CollectBody
}

/**
 * Lowers a formula as it stands, each comparison to one check, whatever it is nested in: never more nodes than its size.
 * It makes no use of what one check says about another.
 */
export function lowerFormula(emitter: TestEmitter, formula: Formula, { onMatch, onMiss, body }: FormulaEdges): Ends {
  switch (formula.kind) {
    case 'true':
      return onMatch
    case 'false':
      return onMiss
    case 'not':
      return lowerFormula(emitter, formula.parts[0]!, { onMatch: onMiss, onMiss: onMatch, body })
    case 'and':
      return formula.parts.reduceRight(
        (next, part) => lowerFormula(emitter, part, { onMatch: next, onMiss, body }),
        onMatch,
      )
    case 'or':
      return formula.parts.reduceRight(
        (next, part) => lowerFormula(emitter, part, { onMatch, onMiss: next, body }),
        onMiss,
      )
    case 'atom': {
      const { predicate, level } = formula.atom!
      const check = (to: keyof Ends, mark?: CollectBody): NodeId =>
        emitter.check(predicate, { onMatch: onMatch[to], onMiss: onMiss[to], body: mark })
      const collected = check('collected')
      if (1 << level === BODY_LEVELS) return { plain: check('collected', body), collected }
      const isSame = onMatch.plain === onMatch.collected && onMiss.plain === onMiss.collected
      return { plain: isSame ? collected : check('plain'), collected }
    }
  }
}
