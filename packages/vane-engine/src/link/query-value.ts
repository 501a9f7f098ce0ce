import { percentDecode } from './percent-decode.ts'

/** The first value of a name in a query (`a=1&b`), decoded; empty where the name stands alone, `undefined` where it is absent. */
export function findQueryValue(query: string, name: string): string | undefined {
  for (let start = 0; start < query.length;) {
    const separator = query.indexOf('&', start)
    const end = separator === -1 ? query.length : separator
    const equals = query.indexOf('=', start)
    const nameEnd = equals === -1 || equals > end ? end : equals
    // An empty stretch, as in `a&&b`, names nothing.
    if (end > start && percentDecode(query.slice(start, nameEnd)) === name) {
      return nameEnd === end ? '' : percentDecode(query.slice(nameEnd + 1, end))
    }
    start = end + 1
  }
  return undefined
}
