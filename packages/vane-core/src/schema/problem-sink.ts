import type { DiagnosticCode } from '../diagnostics/codes.ts'
import type { Diagnostic, SourceSpan } from '../diagnostics/diagnostic.ts'
import type { SourceText } from '../diagnostics/source-text.ts'
import { jsonPath, type JsonNode } from './json-node.ts'
import { stretchOfString } from './stretch-of-string.ts'

/** What is wrong, without the place. */
export interface Problem {
  readonly code: DiagnosticCode
  /** Lower case, no final stop. */
  readonly message: string
  /** What could stand there. */
  readonly expected?: string
  /** What to write instead. */
  readonly suggestion?: string
  /** Default `error`. */
  readonly severity?: Diagnostic['severity']
  readonly related?: NonNullable<Diagnostic['related']>
  /** The part of a string's value that is meant, in UTF-16 units; absent: all of it. */
  readonly within?: { readonly offset: number; readonly length: number }
}

// A file that is wrong in every line is read by nobody to its end, and each problem costs memory. As many warnings come with
// them at most: what is only warned of must neither hide an error nor become one.
const MAX_PROBLEMS = 200

/** Collects the problems of one file. */
export class ProblemSink {
  readonly source: SourceText
  readonly diagnostics: Diagnostic[] = []
  /** Work that patterns of this file have cost so far: see `decodePattern`. */
  patternEffort = 0
  readonly #taken = { error: 0, warning: 0 }

  constructor(source: SourceText) {
    this.source = source
  }

  /** Whether no further error is taken. */
  get isFull(): boolean {
    return this.#taken.error > MAX_PROBLEMS
  }

  /** Reports a problem at a value or a key. One that takes work to describe comes as a function. */
  at(node: JsonNode, problem: Problem | (() => Problem)): void {
    if (this.isFull) return
    const { within, ...rest } = typeof problem === 'function' ? problem() : problem
    const raw = this.source.text.slice(node.offset, node.offset + node.length)
    const part = within === undefined || node.type !== 'string' ? undefined : stretchOfString(raw, within)
    const span = part === undefined ? this.span(node) : this.source.span(node.offset + part.offset, part.length)
    this.#push(span, { ...rest, path: jsonPath(node) })
  }

  /** Reports a problem at a stretch of the text. */
  atOffset(offset: number, length: number, problem: Problem): void {
    if (!this.isFull) this.#push(this.source.span(offset, length), problem)
  }

  #push(span: SourceSpan, problem: Problem & { path?: string }): void {
    const { severity = 'error', ...rest } = problem
    const taken = ++this.#taken[severity]
    if (taken <= MAX_PROBLEMS) this.diagnostics.push({ severity, ...rest, span })
    if (taken !== MAX_PROBLEMS + 1) return
    const message = `more than ${MAX_PROBLEMS} ${severity === 'error' ? 'problems' : 'warnings'} in this file; the rest is not shown`
    this.diagnostics.push({ severity, code: 'too-many-problems', message, span })
  }

  /** The place of a node. The braces of an object say nothing: it is where it begins. */
  span(node: JsonNode): SourceSpan {
    return this.source.span(node.offset, node.type === 'object' || node.type === 'array' ? 1 : node.length)
  }
}
