import type { SourceSpan } from './diagnostic.ts'

/** How a {@link codeFrame} is drawn. */
export interface CodeFrameOptions {
  /** ANSI colours; default false. */
  readonly color?: boolean
  /** What the caret line says beside the carets. */
  readonly label?: string
}

// A minified file has one line of megabytes: show what is around the place only.
const MAX_COLUMNS = 120
const TAB = '    '

/**
 * The line of a span with carets under it:
 *
 * ```text
 *   |
 * 7 |   "prioriti": 3
 *   |   ^^^^^^^^^^ did you mean "priority"?
 * ```
 *
 * A span of more than one line is marked up to the end of its first.
 */
export function codeFrame(text: string, span: SourceSpan, options: CodeFrameOptions = {}): string {
  const lineStart = span.offset - (span.column - 1)
  const lineEnd = endOfLine(text, lineStart)
  const markEnd = Math.max(span.offset, Math.min(span.offset + span.length, lineEnd))

  const windowStart = Math.max(lineStart, span.offset - MAX_COLUMNS / 2)
  const windowEnd = Math.min(lineEnd, windowStart + MAX_COLUMNS)
  const before = (windowStart > lineStart ? '…' : '') + printable(text.slice(windowStart, span.offset))
  const marked = printable(text.slice(span.offset, Math.min(markEnd, windowEnd)))
  const after = printable(text.slice(Math.min(markEnd, windowEnd), windowEnd)) + (windowEnd < lineEnd ? '…' : '')

  const number = String(span.line)
  const blank = ' '.repeat(number.length)
  const paint = options.color === true ? paintAnsi : (_style: Style, part: string) => part
  const bar = paint('gutter', '|')
  const carets = '^'.repeat(Math.max(1, displayWidth(marked)))
  const label = options.label === undefined ? '' : ` ${options.label}`
  return [
    `${blank} ${bar}`,
    `${paint('gutter', number)} ${bar} ${before}${marked}${after}`,
    `${blank} ${bar} ${' '.repeat(displayWidth(before))}${paint('mark', carets + label)}`,
  ].join('\n')
}

type Style = 'gutter' | 'mark'

function paintAnsi(style: Style, part: string): string {
  return style === 'gutter' ? `\u001b[1;34m${part}\u001b[0m` : `\u001b[1;31m${part}\u001b[0m`
}

function endOfLine(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x0a || unit === 0x0d) return at
  }
  return text.length
}

/** A configuration may be hostile: no control character of it reaches a terminal, and tabs get a fixed width. */
function printable(part: string): string {
  return part
    .replaceAll('\t', TAB)
    .replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\u{fffd}')
}

/** Columns on a terminal, near enough: a wide (East Asian, emoji) character takes two. */
function displayWidth(part: string): number {
  let width = 0
  for (const character of part) width += WIDE.test(character) ? 2 : 1
  return width
}

const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u
