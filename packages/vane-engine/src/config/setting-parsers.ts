import { parseDuration, quoted, type DiagnosticCode } from 'vane-core'

/** Why a variable's text is refused. */
export interface SettingProblem {
  readonly code: DiagnosticCode
  /** Follows the variable's name in a message. */
  readonly message: string
}

/** Takes a variable's text apart. */
export type ParseSetting<T> = (text: string) => { readonly value: T } | { readonly problem: SettingProblem }

/** Any text but the empty one. */
export const parseText: ParseSetting<string> = (text) => (text === '' ? invalid('cannot be empty') : { value: text })

/** `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`, in any case. */
export const parseSwitch: ParseSetting<boolean> = (text) => {
  const word = text.toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(word)) return { value: true }
  if (['0', 'false', 'no', 'off'].includes(word)) return { value: false }
  return invalid(`must be 1 or 0, not ${quoted(text)}`)
}

/** A whole number between two limits, inclusive. */
export function parseInteger(min: number, max: number): ParseSetting<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max
      ? { value }
      : invalid(`must be a whole number from ${min} to ${max}, not ${quoted(text)}`)
  }
}

/** One of a few words. */
export function parseWord<T extends string>(words: readonly T[]): ParseSetting<T> {
  return (text) => {
    const value = words.find((word) => word === text)
    return value === undefined ? invalid(`must be one of ${words.join(', ')}, not ${quoted(text)}`) : { value }
  }
}

/** Like `parse`, but an empty text means "none". */
export function orEmpty<T>(parse: ParseSetting<T>): ParseSetting<T | undefined> {
  return (text) => (text === '' ? { value: undefined } : parse(text))
}

/** A count that has a floor. */
export function parseCount(floor: number): ParseSetting<number> {
  return atLeast(floor, String(floor), parseInteger(0, 1_000_000_000))
}

/** A rate, `10/s` or `10`, that has a floor. */
export function parseRate(floor: number): ParseSetting<number> {
  const integer = parseInteger(0, 1_000_000_000)
  return atLeast(floor, `${floor}/s`, (text) => {
    const parsed = integer(text.replace(/\/s$/, ''))
    return 'value' in parsed ? parsed : invalid(`must be a rate such as 10/s, not ${quoted(text)}`)
  })
}

/** A duration such as `30s`, or whole seconds, in milliseconds, that has a floor. */
export function parseTimeout(floorMs: number): ParseSetting<number> {
  return atLeast(floorMs, `${floorMs / 1000}s`, (text) => {
    const parsed = parseDuration(/^\d+$/.test(text) ? `${text}s` : text)
    return 'value' in parsed ? parsed : invalid(`must be a duration such as 30s, not ${quoted(text)}`)
  })
}

function atLeast(floor: number, floorText: string, parse: ParseSetting<number>): ParseSetting<number> {
  return (text) => {
    const parsed = parse(text)
    if ('problem' in parsed || parsed.value >= floor) return parsed
    return {
      problem: { code: 'below-floor', message: `cannot be set below its floor ${floorText}, it is ${quoted(text)}` },
    }
  }
}

function invalid(message: string): { readonly problem: SettingProblem } {
  return { problem: { code: 'invalid-variable', message } }
}
