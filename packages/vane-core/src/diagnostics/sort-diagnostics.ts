import type { Diagnostic } from './diagnostic.ts'

/** Diagnostics in the order people read them: those without a place first, then by file, line and column. */
export function sortDiagnostics(diagnostics: Iterable<Diagnostic>): Diagnostic[] {
  return [...diagnostics].toSorted((a, b) => {
    if (a.span === undefined || b.span === undefined) return Number(b.span === undefined) - Number(a.span === undefined)
    return compareText(a.span.file, b.span.file) || a.span.offset - b.span.offset
  })
}

/** Whether a compile with these diagnostics has failed. */
export function hasErrors(diagnostics: Iterable<Diagnostic>): boolean {
  for (const diagnostic of diagnostics) if (diagnostic.severity === 'error') return true
  return false
}

/** By UTF-16 unit: the same everywhere, unlike a locale's order. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
