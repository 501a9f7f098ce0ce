import type { BrokenRule, Diagnostic, SourceSpan } from 'vane-core'
import type { AnalyzeOptions } from './analyze.ts'
import { nameTaken, type MergedRules } from './merge.ts'
import { findMiddleware } from './resolve-middleware.ts'

/**
 * Looks at rules that cannot be used for what is only seen across files (names, middleware), so that one pass tells
 * everything, and not what is left when the first mistakes are gone.
 */
export function checkBroken(broken: readonly BrokenRule[], merged: MergedRules, options: AnalyzeOptions): Diagnostic[] {
  const places = new Map<string, SourceSpan>(merged.rules.map(({ name, source }) => [name, source]))
  const diagnostics: Diagnostic[] = []
  for (const { name, source } of broken) {
    if (name === undefined) continue
    const first = places.get(name)
    if (first === undefined) places.set(name, source)
    else diagnostics.push(inOrder(name, first, source))
  }
  for (const { name, middlewareChain } of [...broken, ...merged.duplicates]) {
    for (const use of middlewareChain) {
      const found = findMiddleware(name ?? '?', use, options)
      if ('diagnostics' in found) diagnostics.push(...found.diagnostics)
    }
  }
  return diagnostics
}

/** In one file the later place is the wrong one, whichever of the two is broken. */
function inOrder(name: string, first: SourceSpan, second: SourceSpan): Diagnostic {
  return first.file === second.file && first.offset > second.offset
    ? nameTaken(name, first, second)
    : nameTaken(name, second, first)
}
