/** One broken boundary. */
export interface Violation {
  /** From the workspace root, with `/`. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  readonly message: string
  /** The ban's reason. */
  readonly why: string
}

/** Writes a violation as `file:line:column message`, with the reason on a line of its own. */
export function formatViolation(violation: Violation): string {
  const place = `${violation.file}:${violation.line}:${violation.column}`
  return `${place} ${violation.message}\n    because ${violation.why}`
}
