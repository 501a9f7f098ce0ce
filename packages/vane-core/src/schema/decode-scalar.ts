import { suggest } from '../diagnostics/suggest.ts'
import { jsonTypeName, type JsonNode } from './json-node.ts'
import type { Problem, ProblemSink } from './problem-sink.ts'

/** Takes a value out of a tree. `undefined` means it is not usable, and then the sink has been told why. */
export type Decode<T> = (node: JsonNode, sink: ProblemSink) => T | undefined

/** What a parser of a text answers. */
export type Parsed<T> = { readonly value: T } | { readonly problem: Problem }

/** Limits of a {@link decodeText}. */
export interface TextOptions {
  /** What is expected, for messages, such as `a rule name`. */
  readonly what: string
}

/** A string. */
export function decodeText(options: TextOptions): Decode<string> {
  return (node, sink) => {
    if (node.type === 'string') return node.value as string
    return wrongType(node, sink, `${options.what} (a string)`)
  }
}

/** A string in a form of its own, such as a duration. */
export function decodeParsed<T>(what: string, parse: (text: string) => Parsed<T>): Decode<T> {
  const text = decodeText({ what })
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
    if (node.type !== 'number') return wrongType(node, sink, `${what} (a whole number)`)
    const value: unknown = node.value
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
    sink.at(node, { code: 'out-of-range', message: `${what} must be a whole number from ${min} to ${max}` })
    return undefined
  }
}

/** `true` or `false`. */
export function decodeBoolean(what: string): Decode<boolean> {
  return (node, sink) => {
    if (node.type === 'boolean') return node.value as boolean
    return wrongType(node, sink, `${what} (true or false)`)
  }
}

/** One of a few words. `notYet` are those the language has and this version does not run. */
export function decodeEnum<T extends string>(
  what: string,
  values: readonly T[],
  notYet: readonly string[] = [],
): Decode<T> {
  const text = decodeText({ what })
  return (node, sink) => {
    const value = text(node, sink)
    if (value === undefined) return undefined
    const found = values.find((candidate) => candidate === value)
    if (found !== undefined) return found
    if (notYet.includes(value)) sink.at(node, notSupportedYet(`${what} ${JSON.stringify(value)}`))
    else sink.at(node, unknownWord(value, [...values, ...notYet], { code: 'unknown-value', what }))
    return undefined
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
    ...(typeof expected === 'string' ? {} : { suggestion: expected.suggestion }),
  })
  return undefined
}

/** The problem of a thing that is in the language but has no runtime in this version. */
export function notSupportedYet(what: string): Problem {
  return { code: 'not-supported-yet', message: `${what} is not supported yet` }
}

/** The problem of a word that is none of those that exist, with the one it was probably meant to be. */
export function unknownWord(
  word: string,
  candidates: readonly string[],
  { code, what }: { readonly code: Problem['code']; readonly what: string },
): Problem {
  const near = suggest(word, candidates)
  // A long list helps less than no list; it is in the reference.
  const all = candidates.length <= 12 ? `expected one of ${candidates.join(', ')}` : undefined
  const suggestion = near === undefined ? all : `did you mean "${near}"?`
  return {
    code,
    message: `unknown ${what} ${quoted(word)}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

/** A text from a configuration as part of a message: quoted, escaped and of bounded length. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text)
}
