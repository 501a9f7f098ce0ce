import { decodeParsed, quoted, wrongType, type Decode, type Parsed } from '../schema/decode-scalar.ts'

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Timers count in 31 bits: 24 days and a few hours. */
export const MAX_DURATION_MS: number = 24 * 86_400_000

/** Parses `<integer><ms|s|m|h|d>` to milliseconds, from 1 ms to 24 days. */
export function parseDuration(text: string): Parsed<number> {
  const match = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text)
  if (match === null) {
    const suggestion = /^\d+$/.test(text)
      ? `write ${quoted(`${text}s`)} for seconds`
      : 'write for example "500ms", "30s" or "5m"'
    return { problem: { code: 'invalid-duration', message: `${quoted(text)} is not a duration`, suggestion } }
  }
  const milliseconds = Number(match[1]) * UNIT_MS[match[2]!]!
  if (milliseconds >= 1 && milliseconds <= MAX_DURATION_MS) return { value: milliseconds }
  return { problem: { code: 'out-of-range', message: `the duration ${quoted(text)} is not from 1ms to 24d` } }
}

const decodeText: Decode<number> = decodeParsed('a duration such as "30s"', parseDuration)

/** A duration, in milliseconds. */
export const decodeDuration: Decode<number> = (node, sink) => {
  if (node.type !== 'number') return decodeText(node, sink)
  // A number alone is seconds to most people, but not to all.
  const suggestion = `write "${node.value}s" for seconds`
  return wrongType(node, sink, { what: 'a duration such as "30s" (a string)', suggestion })
}
