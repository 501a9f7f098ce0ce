import { parseDuration, quoted, type DiagnosticCode } from 'vane-core'

/** Why a setting's text is refused. */
export interface SettingProblem {
  readonly code: DiagnosticCode
  /** Follows the setting's name in a message. */
  readonly message: string
}

/** JSON types a setting may have in `config.json`, each of which has one text: see `toSettingText`. */
export type SettingJson = 'string' | 'number' | 'boolean' | 'null'

/** How one kind of setting is taken from a text. */
export interface SettingParser<T> {
  parse(text: string): { readonly value: T } | { readonly problem: SettingProblem }
  readonly json: readonly SettingJson[]
}

/** Any text but the empty one. */
export const TEXT: SettingParser<string> = {
  parse: (text) => (text === '' ? invalid('cannot be empty') : { value: text }),
  json: ['string'],
}

/** A token (RFC 9110 §5.6.2) of at most 255 characters. */
export const TOKEN: SettingParser<string> = {
  parse: (text) =>
    /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,255}$/.test(text)
      ? { value: text }
      : invalid(`must be a name of letters, digits, "-", "." and the like, not ${quoted(text)}`),
  json: ['string'],
}

/** Any text. */
export const ANY_TEXT: SettingParser<string> = { parse: (text) => ({ value: text }), json: ['string'] }

/** `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`, in any case. */
export const SWITCH: SettingParser<boolean> = {
  parse: (text) => {
    const word = text.toLowerCase()
    if (['1', 'true', 'yes', 'on'].includes(word)) return { value: true }
    if (['0', 'false', 'no', 'off'].includes(word)) return { value: false }
    return invalid(`must be 1 or 0, not ${quoted(text)}`)
  },
  json: ['boolean'],
}

/** A whole number between two limits, inclusive. */
export function integer(min: number, max: number): SettingParser<number> {
  return {
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
      return value >= min && value <= max
        ? { value }
        : invalid(`must be a whole number from ${min} to ${max}, not ${quoted(text)}`)
    },
    json: ['number'],
  }
}

/** One of a few words. */
export function word<T extends string>(words: readonly T[]): SettingParser<T> {
  return {
    parse: (text) => {
      const value = words.find((candidate) => candidate === text)
      return value === undefined ? invalid(`must be one of ${words.join(', ')}, not ${quoted(text)}`) : { value }
    },
    json: ['string'],
  }
}

/** Like `parser`, but an empty text, and `null` in JSON, means "none". */
export function orEmpty<T>(parser: SettingParser<T>): SettingParser<T | undefined> {
  return {
    parse: (text) => (text === '' ? { value: undefined } : parser.parse(text)),
    json: [...parser.json, 'null'],
  }
}

/** A count that has a floor. */
export function count(floor: number): SettingParser<number> {
  return atLeast(floor, String(floor), integer(0, 1_000_000_000))
}

/** A number of bytes, up to a tebibyte, that has a floor. */
export function bytes(floor: number): SettingParser<number> {
  return atLeast(floor, String(floor), integer(0, 1_099_511_627_776))
}

/** A rate, `10/s` or `10`, that has a floor. */
export function rate(floor: number): SettingParser<number> {
  const plain = integer(0, 1_000_000_000)
  return atLeast(floor, `${floor}/s`, {
    parse: (text) => {
      const parsed = plain.parse(text.replace(/\/s$/, ''))
      return 'value' in parsed ? parsed : invalid(`must be a rate such as 10/s, not ${quoted(text)}`)
    },
    json: ['number', 'string'],
  })
}

/** A duration such as `30s`, or whole seconds, in milliseconds, that has a floor. */
export function timeout(floorMs: number): SettingParser<number> {
  return atLeast(floorMs, `${floorMs / 1000}s`, {
    parse: (text) => {
      const parsed = parseDuration(/^\d+$/.test(text) ? `${text}s` : text)
      return 'value' in parsed ? parsed : invalid(`must be a duration such as 30s, not ${quoted(text)}`)
    },
    json: ['number', 'string'],
  })
}

function atLeast(floor: number, floorText: string, parser: SettingParser<number>): SettingParser<number> {
  return {
    parse: (text) => {
      const parsed = parser.parse(text)
      if ('problem' in parsed || parsed.value >= floor) return parsed
      return {
        problem: { code: 'below-floor', message: `cannot be set below its floor ${floorText}, it is ${quoted(text)}` },
      }
    },
    json: parser.json,
  }
}

function invalid(message: string): { readonly problem: SettingProblem } {
  return { problem: { code: 'invalid-variable', message } }
}
