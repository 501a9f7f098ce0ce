/** A stretch of a source file. Lines and columns count from 1; offsets from 0, in UTF-16 units. */
export interface SourceSpan {
  /** Path as given, for people: relative to the configuration directory where there is one. */
  readonly file: string
  readonly offset: number
  readonly length: number
  readonly line: number
  readonly column: number
}

/** One problem in a configuration. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** Stable code, such as `unknown-key`. */
  readonly code: string
  /** Lower case, no final stop. */
  readonly message: string
  /** Absent where the problem is in no one place of a file. */
  readonly span?: SourceSpan
  /** JSON path of the value, such as `rules[0].listen[1]`. */
  readonly path?: string
  /** What could stand there, such as `one of tcp, udp`. */
  readonly expected?: string
  /** What to write instead. */
  readonly suggestion?: string
  /** Other places that belong to the problem. */
  readonly related?: readonly { readonly message: string; readonly span: SourceSpan }[]
}
