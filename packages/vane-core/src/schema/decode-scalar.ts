import { suggest } from '../diagnostics/suggest.ts'
import { jsonTypeName, type JsonNode } from './json-node.ts'
import type { Problem, ProblemSink } from './problem-sink.ts'

/** Takes a value out of a tree. `undefined` means it is not usable, and then the sink has been told why. */
export type Decode<T> = (node: JsonNode, sink: ProblemSink) => T | undefined

/** What a parser of a text answers. */
export type Parsed<T> = { readonly value: T } | { readonly problem: Problem }

/** A string. `what` is expected, for messages, such as `a rule name`. */
export function decodeText(what: string): Decode<string> {
  return (node, sink) => {
    if (node.type === 'string') return node.value as string
    return wrongType(node, sink, `${what} (a string)`)
  }
}

/** A string in a form of its own, such as a duration. */
export function decodeParsed<T>(what: string, parse: (text: string) => Parsed<T>): Decode<T> {
  const text = decodeText(what)
  return (node, sink) => {
    const value = text(node, sink)
    if (value === undefined) return undefined
    const parsed = parse(value)
    if ('value' in parsed) return parsed.value
    sink.at(node, parsed.problem)
    return undefined
  }
}

/** Limits of a {@link decodeInteger}, both inclusive. */
export interface IntegerOptions {
  readonly what: string
  readonly min: number
  readonly max: number
}

/** A whole number. */
export function decodeInteger({ what, min, max }: IntegerOptions): Decode<number> {
  return (node, sink) => {
    if (node.type !== 'number') {
      const wanted = `${what} (a whole number)`
      const isNumber = node.type === 'string' && /^-?\d{1,15}$/.test(String(node.value))
      return wrongType(node, sink, isNumber ? { what: wanted, suggestion: `write ${node.value}` } : wanted)
    }
    const value: unknown = node.value
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
    const expected = `a whole number from ${min} to ${max}`
    sink.at(node, { code: 'out-of-range', message: `${what} must be ${expected}`, expected })
    return undefined
  }
}

/** `true` or `false`. */
export function decodeBoolean(what: string): Decode<boolean> {
  return (node, sink) => {
    if (node.type === 'boolean') return node.value as boolean
    const wanted = `${what} (true or false)`
    const isTruth = node.value === 'true' || node.value === 'false'
    return wrongType(node, sink, isTruth ? { what: wanted, suggestion: `write ${node.value}` } : wanted)
  }
}

/** One of a few words. */
export function decodeEnum<T extends string>(what: string, values: readonly T[]): Decode<T> {
  const text = decodeText(what)
  return (node, sink) => {
    const value = text(node, sink)
    if (value === undefined) return undefined
    const found = values.find((candidate) => candidate === value)
    if (found === undefined) sink.at(node, () => unknownWord(value, values, { code: 'unknown-value', what }))
    return found
  }
}

/** Reports a value of the wrong JSON type; answers `undefined`, so that a decoder can return the call. */
export function wrongType(
  node: JsonNode,
  sink: ProblemSink,
  expected: string | { readonly what: string; readonly suggestion: string },
): undefined {
  const what = typeof expected === 'string' ? expected : expected.what
  sink.at(node, {
    code: 'wrong-type',
    message: `expected ${what}, found ${jsonTypeName(node)}`,
    expected: what,
    ...(typeof expected === 'string' ? {} : { suggestion: expected.suggestion }),
  })
  return undefined
}

/** The problem of a word that is none of those that exist, with the one it was probably meant to be. */
export function unknownWord(
  word: string,
  candidates: readonly string[],
  { code, what }: { readonly code: Problem['code']; readonly what: string },
): Problem {
  const near = suggest(word, candidates)
  return {
    code,
    message: `unknown ${what} ${quoted(word)}`,
    expected: oneOf(candidates),
    ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
  }
}

/** Words to choose from, as part of a message. */
export function oneOf(words: readonly string[]): string {
  return words.length === 1 ? String(words[0]) : `one of ${words.join(', ')}`
}

/** A text from a configuration as part of a message: quoted, escaped and of bounded length. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text)
}
