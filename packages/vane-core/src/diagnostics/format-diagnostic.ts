import { codeFrame } from './code-frame.ts'
import type { Diagnostic, SourceSpan } from './diagnostic.ts'

/** How diagnostics are printed. */
export interface FormatDiagnosticOptions {
  /** File to text, for code frames; a file that is not in it gets none. */
  readonly sources?: ReadonlyMap<string, string>
  /** ANSI colours; default false. */
  readonly color?: boolean
}

/**
 * One diagnostic as text, over several lines and without a final line break:
 *
 * ```text
 * error[unknown-key]: unknown key "prioriti" in a rule
 *  --> rules/10-app.json:7:3 (rules[0].prioriti)
 *   |
 * 7 |   "prioriti": 3
 *   |   ^^^^^^^^^^
 *   = help: did you mean "priority"?
 * ```
 */
export function formatDiagnostic(diagnostic: Diagnostic, options: FormatDiagnosticOptions = {}): string {
  const color = options.color === true
  const title = `${diagnostic.severity}[${diagnostic.code}]`
  const lines = [`${color ? bold(title, diagnostic.severity) : title}: ${oneLine(diagnostic.message)}`]
  if (diagnostic.span !== undefined) {
    const path = diagnostic.path === undefined || diagnostic.path === '' ? '' : ` (${oneLine(diagnostic.path)})`
    lines.push(`${place(diagnostic.span)}${path}`, ...frame(diagnostic.span, options))
  }
  for (const related of diagnostic.related ?? []) {
    lines.push(`  = note: ${oneLine(related.message)}`, place(related.span), ...frame(related.span, options))
  }
  const { message, expected, suggestion = '' } = diagnostic
  // What is told elsewhere already is not told again.
  if (expected !== undefined && !message.includes(expected) && !suggestion.includes(expected.replace('one of ', ''))) {
    lines.push(`  = expected: ${oneLine(expected)}`)
  }
  if (suggestion !== '') lines.push(`  = help: ${oneLine(suggestion)}`)
  return lines.join('\n')
}

/** Several diagnostics with a blank line between them, and a count at the end; empty where there are none. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatDiagnosticOptions = {}): string {
  if (diagnostics.length === 0) return ''
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length
  const counts = [count(errors, 'error'), count(diagnostics.length - errors, 'warning')].filter((part) => part !== '')
  return [...diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, options)), counts.join(', ')].join('\n\n')
}

function place(span: SourceSpan): string {
  return ` --> ${oneLine(span.file)}:${span.line}:${span.column}`
}

function frame(span: SourceSpan, options: FormatDiagnosticOptions): string[] {
  const text = options.sources?.get(span.file)
  return text === undefined ? [] : [codeFrame(text, span, { color: options.color === true })]
}

function count(number: number, word: string): string {
  return number === 0 ? '' : `${number} ${word}${number === 1 ? '' : 's'}`
}

function bold(title: string, severity: Diagnostic['severity']): string {
  return `\u001b[1;${severity === 'error' ? '31' : '33'}m${title}\u001b[0m`
}

/** Messages quote the configuration and names of files: nothing of theirs may move a terminal's cursor or reorder a line. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\u{fffd}')
}
