import type { DiagnosticCode } from '../diagnostics/codes.ts'
import type { Diagnostic, SourceSpan } from '../diagnostics/diagnostic.ts'
import type { SourceText } from '../diagnostics/source-text.ts'
import { jsonPath, type JsonNode } from './json-node.ts'

/** What is wrong, without the place. */
export interface Problem {
  readonly code: DiagnosticCode
  /** Lower case, no final stop. */
  readonly message: string
  /** What to write instead. */
  readonly suggestion?: string
  /** Default `error`. */
  readonly severity?: Diagnostic['severity']
  readonly related?: NonNullable<Diagnostic['related']>
}

// A file that is wrong in every line is read by nobody to its end, and each problem costs memory.
const MAX_PROBLEMS = 200

/** Collects the problems of one file. */
export class ProblemSink {
  readonly source: SourceText
  readonly diagnostics: Diagnostic[] = []

  constructor(source: SourceText) {
    this.source = source
  }

  /** Reports a problem at a value or a key. */
  at(node: JsonNode, problem: Problem): void {
    // The braces of an object say nothing: point at where it begins.
    const length = node.type === 'object' || node.type === 'array' ? 1 : node.length
    if (!this.#isFull()) this.#push(this.source.span(node.offset, length), { ...problem, path: jsonPath(node) })
  }

  /** Reports a problem at a stretch of the text. */
  atOffset(offset: number, length: number, problem: Problem): void {
    if (!this.#isFull()) this.#push(this.source.span(offset, length), problem)
  }

  #push(span: SourceSpan, problem: Problem & { path?: string }): void {
    if (this.diagnostics.length === MAX_PROBLEMS) {
      const message = `more than ${MAX_PROBLEMS} problems in this file; the rest is not shown`
      this.diagnostics.push({ severity: 'error', code: 'too-many-problems', message, span })
      return
    }
    const { severity = 'error', ...rest } = problem
    this.diagnostics.push({ severity, ...rest, span })
  }

  /** The place of a node, for what is reported later. */
  span(node: JsonNode): SourceSpan {
    return this.source.span(node.offset, node.type === 'object' || node.type === 'array' ? 1 : node.length)
  }

  #isFull(): boolean {
    return this.diagnostics.length > MAX_PROBLEMS
  }
}
