import { RE2JS, RE2JSException } from 're2js'
import { quoted, type Parsed } from '../schema/decode-scalar.ts'
import type { Problem } from '../schema/problem-sink.ts'
import { measurePattern, type PatternCost } from './measure-pattern.ts'

/** A compiled regular expression of `matches`. */
export interface Pattern {
  /** Whether it matches anywhere in a text, in time linear in the text: at most its instructions for each character. */
  test(text: string): boolean
}

/** Bytes of UTF-8 a pattern may have. */
export const MAX_PATTERN_BYTES = 4_096

/**
 * Instructions a pattern may be compiled to. A character or class is one, so that only counted repetitions, which copy what
 * they repeat, come near.
 */
export const MAX_PATTERN_INSTRUCTIONS = 5_000

/** Work that compiling a pattern may be, in instructions' worth (see `PatternCost`). */
export const MAX_PATTERN_EFFORT = 20_000

/**
 * Compiles an RE2 regular expression: no look-around, no back-references, and in exchange no text on which it takes longer
 * than its size times the text's length. `docs/patterns.md` has the syntax.
 */
export function parsePattern(text: string): Parsed<Pattern> {
  if (Buffer.byteLength(text) > MAX_PATTERN_BYTES) {
    const message = `the pattern ${quoted(text)} exceeds ${MAX_PATTERN_BYTES} bytes`
    return { problem: { code: 'pattern-too-large', message } }
  }
  // Before compiling: a repetition of repetitions takes seconds and gigabytes to write out.
  const tooLarge = whyTooLarge(text, measurePattern(text))
  if (tooLarge !== undefined) return { problem: tooLarge }
  try {
    const compiled = RE2JS.compile(text)
    return { value: { test: (subject) => compiled.test(subject) } }
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return describe(text, error)
  }
}

function whyTooLarge(text: string, { instructions, effort }: PatternCost): Problem | undefined {
  const code = 'pattern-too-large'
  if (instructions > MAX_PATTERN_INSTRUCTIONS) {
    const message = `the pattern ${quoted(text)} repeats itself into more than ${MAX_PATTERN_INSTRUCTIONS} instructions`
    return { code, message, suggestion: 'repeat less, or with "*" and "+" instead of counts' }
  }
  if (effort <= MAX_PATTERN_EFFORT) return undefined
  const message = `the pattern ${quoted(text)} takes more than ${MAX_PATTERN_EFFORT} steps to compile`
  return { code, message, suggestion: 'name fewer classes and ranges of Unicode, or leave out "(?i)"' }
}

/** What the engine says, with the place it says it of. */
function describe(text: string, error: RE2JSException): Parsed<never> {
  const { error: reason, input } = error as { error?: unknown; input?: unknown }
  const part = typeof input === 'string' ? input : ''
  const found = part === '' ? -1 : text.indexOf(part)
  const offset = found === -1 ? Math.max(0, text.length - 1) : found
  const length = found === -1 ? 1 : part.length
  const suggestion = suggestionFor(part)
  return {
    problem: {
      code: 'invalid-pattern',
      message: `${typeof reason === 'string' ? reason : 'not a regular expression'} at offset ${offset} of the pattern`,
      within: { offset, length },
      ...(suggestion === undefined ? {} : { suggestion }),
    },
  }
}

function suggestionFor(part: string): string | undefined {
  if (/^\(\?<?[=!]/.test(part)) return 'there is no look-around: combine predicates with "all_of" and "not"'
  if (/^\\[1-9]/.test(part)) return 'there are no back-references'
  return undefined
}
