import {
  findField,
  INSPECTION_LEVELS,
  type Diagnostic,
  type InspectionLevel,
  type OnError,
  type Predicate,
  type Rule,
  type SourceText,
  type SymbolicMiddleware,
} from 'vane-core'
import { comparisonsOf } from './comparisons-of.ts'
import type { MetadataProvider } from './metadata-provider.ts'
import { resolveMiddleware } from './resolve-middleware.ts'

/** One step of a chain whose middleware is known. */
export interface ChainStep {
  readonly middleware: SymbolicMiddleware
  readonly onError: OnError | undefined
}

/** A rule with everything the lowering needs to know of it. */
export interface AnalyzedRule {
  readonly rule: Rule
  /** Its deepest field's. */
  readonly level: InspectionLevel
  /** Comparisons in its `match`. */
  readonly predicateCount: number
  /** What runs before the fetch, in order. */
  readonly requestChain: readonly ChainStep[]
  /** What runs after the fetch, in order. */
  readonly responseChain: readonly ChainStep[]
}

/** What {@link analyze} needs besides the rules. */
export interface AnalyzeOptions {
  readonly middleware: MetadataProvider
  /** Sources by path, for the places inside arguments. */
  readonly sources: ReadonlyMap<string, SourceText>
}

/** Looks into each rule: how deep it inspects, what its chain is made of. Rules with problems are left out. */
export function analyze(
  rules: readonly Rule[],
  options: AnalyzeOptions,
): { readonly rules: AnalyzedRule[]; readonly diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const analyzed: AnalyzedRule[] = []
  for (const rule of rules) {
    const requestChain: ChainStep[] = []
    const responseChain: ChainStep[] = []
    let isUsable = true
    for (const use of rule.middlewareChain) {
      const resolved = resolveMiddleware(rule, use, options)
      if ('diagnostics' in resolved) {
        diagnostics.push(...resolved.diagnostics)
        isUsable = false
        continue
      }
      const chain = resolved.middleware.meta.kind === 'l7-response' ? responseChain : requestChain
      chain.push({ middleware: resolved.middleware, onError: use.onError })
    }
    if (!isUsable) continue
    const { level, count } = measure(rule.match)
    analyzed.push({ rule, level, predicateCount: count, requestChain, responseChain })
  }
  return { rules: analyzed, diagnostics }
}

/** The deepest level and the number of comparisons among predicates, those inside combinations counted. */
function measure(match: readonly Predicate[]): { level: InspectionLevel; count: number } {
  let depth = 0
  let count = 0
  for (const { field } of comparisonsOf(match)) {
    count++
    depth = Math.max(depth, INSPECTION_LEVELS.indexOf(fieldLevel(field)))
  }
  return { level: INSPECTION_LEVELS[depth]!, count }
}

/** The level a field is read at. An unknown field, which no parser lets pass, counts as the deepest. */
export function fieldLevel(field: string): InspectionLevel {
  return findField(field)?.level ?? 'l7-body'
}
