import { quoted, type Diagnostic, type Rule, type SourceSpan } from 'vane-core'
import type { ExpandedFile } from './expand.ts'

/** The rules of all files as one list. */
export interface MergedRules {
  /** In the order of their files, by `(order, file name)`; of two rules with one name only the first. */
  readonly rules: readonly Rule[]
  /** Those whose names were taken. */
  readonly duplicates: readonly Rule[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Puts the files' rules together and refuses a name that occurs twice. */
export function merge(files: readonly ExpandedFile[]): MergedRules {
  const ordered = [...files].toSorted((a, b) => a.order - b.order || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  const byName = new Map<string, Rule>()
  const duplicates: Rule[] = []
  const diagnostics: Diagnostic[] = []
  for (const rule of ordered.flatMap((file) => file.rules)) {
    const first = byName.get(rule.name)
    if (first === undefined) {
      byName.set(rule.name, rule)
      continue
    }
    duplicates.push(rule)
    diagnostics.push(nameTaken(rule.name, rule.source, first.source))
  }
  return { rules: [...byName.values()], duplicates, diagnostics }
}

/** The problem of a name that another rule has. */
export function nameTaken(name: string, span: SourceSpan, first: SourceSpan): Diagnostic {
  return {
    severity: 'error',
    code: 'duplicate-rule',
    message: `the rule name ${quoted(name)} is taken`,
    span,
    suggestion: 'rule names are unique over all files',
    related: [{ message: 'first here', span: first }],
  }
}
