import { percentDecode } from './percent-decode.ts'

/** The first value of a cookie in a `Cookie` field (RFC 6265 §4.2.1), decoded; `undefined` where it is absent. */
export function findCookieValue(field: string, name: string): string | undefined {
  for (let start = 0; start < field.length;) {
    const separator = field.indexOf(';', start)
    const end = separator === -1 ? field.length : separator
    const equals = field.indexOf('=', start)
    if (equals !== -1 && equals < end && field.slice(start, equals).trim() === name) {
      return percentDecode(field.slice(equals + 1, end).trim())
    }
    start = end + 1
  }
  return undefined
}
