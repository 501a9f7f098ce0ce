import { createScanner, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser'
import { DEFAULT_JSON_BOUNDS, findBoundsViolation, type JsonBounds } from './json-bounds.ts'
import { FORBIDDEN_KEY, propertiesOf, type JsonNode } from './json-node.ts'
import type { ProblemSink } from './problem-sink.ts'

/** How a text is parsed. */
export interface ParseJsonOptions {
  /** Allows comments and trailing commas (`.jsonc`); default false. */
  readonly comments?: boolean
  /** UTF-16 units; default 16 Mi. */
  readonly maxLength?: number
  readonly bounds?: JsonBounds
}

/** UTF-16 units a file may have. */
export const MAX_JSON_LENGTH: number = 16 * 1024 * 1024

// One slip makes the parser report follow-up errors, mostly on its own line; more than a few only bury it.
const MAX_SYNTAX_ERRORS = 10

/**
 * Parses the sink's source into a tree with offsets.
 *
 * @returns `undefined` where the text is not JSON or breaks a bound; the sink then has the reason. A tree with duplicate or
 * forbidden keys is returned, and reported.
 */
export function parseJsonTree(sink: ProblemSink, options: ParseJsonOptions = {}): JsonNode | undefined {
  const text = sink.source.text
  const maxLength = options.maxLength ?? MAX_JSON_LENGTH
  const bounds = options.bounds ?? DEFAULT_JSON_BOUNDS
  if (text.length > maxLength) {
    sink.atOffset(0, 0, { code: 'file-too-large', message: `the file exceeds ${maxLength} characters` })
    return undefined
  }
  if (text.startsWith('\u{feff}')) {
    const suggestion = 'save it as UTF-8 without a byte order mark'
    sink.atOffset(0, 1, { code: 'byte-order-mark', message: 'the file begins with a byte order mark', suggestion })
    return undefined
  }
  const violation = findBoundsViolation(text, bounds)
  if (violation !== undefined) {
    sink.atOffset(
      violation.offset,
      1,
      violation.bound === 'maxNesting'
        ? { code: 'nesting-too-deep', message: `nesting exceeds ${bounds.maxNesting} levels` }
        : { code: 'too-many-values', message: `the file exceeds ${bounds.maxTokens} values, keys and commas` },
    )
    return undefined
  }
  const errors: ParseError[] = []
  const comments = options.comments === true
  const root = parseTree(text, errors, { disallowComments: !comments, allowTrailingComma: comments })
  if (errors.length > 0 || root === undefined) {
    reportSyntaxErrors(errors, sink)
    return undefined
  }
  checkKeysAndStrings(root, sink)
  return root
}

function reportSyntaxErrors(errors: readonly ParseError[], sink: ProblemSink): void {
  const { text } = sink.source
  if (text.trim() === '') {
    sink.atOffset(0, 0, { code: 'syntax-error', message: 'the file is empty', suggestion: 'write at least "{}"' })
    return
  }
  const lines = new Set<number>()
  for (const { error, offset, length } of errors) {
    const { line } = sink.source.span(offset, 0)
    if (lines.has(line) || lines.size === MAX_SYNTAX_ERRORS) continue
    lines.add(line)
    const code = printParseErrorCode(error)
    const { message, suggestion } = SYNTAX_ERRORS[code] ?? { message: 'the text is not JSON' }
    const comma = TRAILING_COMMA.has(code) ? commaBefore(text, offset) : undefined
    if (comma !== undefined) {
      const problem = { message: 'a comma before a closing bracket is not allowed' } as const
      sink.atOffset(comma, 1, { code: 'syntax-error', ...problem, suggestion: 'remove it, or name the file .jsonc' })
      continue
    }
    const opened = code === 'CloseBraceExpected' || code === 'CloseBracketExpected' ? findUnclosed(text) : undefined
    sink.atOffset(offset, Math.max(1, length), {
      code: 'syntax-error',
      message,
      ...(suggestion === undefined ? {} : { suggestion }),
      ...(opened === undefined ? {} : { related: [{ message: 'opened here', span: sink.source.span(opened, 1) }] }),
    })
  }
}

/** What the parser says where a list or an object goes on after a comma, and does not. */
const TRAILING_COMMA: ReadonlySet<string> = new Set(['ValueExpected', 'PropertyNameExpected'])

function commaBefore(text: string, offset: number): number | undefined {
  if (text[offset] !== ']' && text[offset] !== '}') return undefined
  let at = offset - 1
  while (at >= 0 && /\s/.test(text[at]!)) at--
  return text[at] === ',' ? at : undefined
}

/** The innermost bracket that nothing closes; `undefined` if there is none. */
function findUnclosed(text: string): number | undefined {
  const scanner = createScanner(text, true)
  const open: number[] = []
  // Strings and comments are tokens of their own: what begins with a bracket is one.
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const at = scanner.getTokenOffset()
    if (text[at] === '{' || text[at] === '[') open.push(at)
    else if (text[at] === '}' || text[at] === ']') open.pop()
  }
  return open.at(-1)
}

const SYNTAX_ERRORS: Readonly<Record<string, { message: string; suggestion?: string }>> = {
  InvalidSymbol: { message: 'unexpected symbol; strings take double quotes' },
  InvalidNumberFormat: { message: 'malformed number' },
  PropertyNameExpected: { message: 'expected a key in double quotes' },
  ValueExpected: { message: 'expected a value' },
  ColonExpected: { message: 'expected a colon after the key' },
  CommaExpected: { message: 'expected a comma' },
  CloseBraceExpected: { message: 'expected a closing brace' },
  CloseBracketExpected: { message: 'expected a closing bracket' },
  EndOfFileExpected: { message: 'expected the end of the file' },
  InvalidCommentToken: { message: 'comments are not allowed in .json files', suggestion: 'name the file .jsonc' },
  UnexpectedEndOfComment: { message: 'the comment is not closed' },
  UnexpectedEndOfString: { message: 'the string is not closed on its line' },
  UnexpectedEndOfNumber: { message: 'the number breaks off' },
  InvalidUnicode: { message: 'malformed \\u escape' },
  InvalidEscapeCharacter: { message: 'unknown escape in a string' },
  InvalidCharacter: { message: 'control characters in strings must be escaped' },
}

/** What JSON's grammar lets pass and no reader of ours should ever meet. */
function checkKeysAndStrings(root: JsonNode, sink: ProblemSink): void {
  const pending: JsonNode[] = [root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.type === 'string') checkString(node, sink)
    if (node.type === 'array') for (const child of node.children ?? []) pending.push(child)
    if (node.type !== 'object') continue
    const seen = new Map<string, JsonNode>()
    for (const { key, name, value } of propertiesOf(node)) {
      checkString(key, sink)
      if (name === FORBIDDEN_KEY)
        sink.at(key, { code: 'forbidden-key', message: `the key "${FORBIDDEN_KEY}" is not allowed` })
      const first = seen.get(name)
      if (first === undefined) seen.set(name, key)
      else {
        sink.at(key, {
          code: 'duplicate-key',
          message: `the key ${JSON.stringify(name.slice(0, 64))} is here twice`,
          related: [{ message: 'first here', span: sink.span(first) }],
        })
      }
      pending.push(value)
    }
  }
}

function checkString(node: JsonNode, sink: ProblemSink): void {
  if (typeof node.value === 'string' && !node.value.isWellFormed()) {
    // A lone surrogate has no UTF-8 form: two different strings would be the same on the wire and in a hash.
    sink.at(node, { code: 'invalid-utf8', message: 'the string holds half of a surrogate pair' })
  }
}
