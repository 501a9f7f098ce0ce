import type { Header } from 'vane-core'

// RFC 9110 §5.6.2.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// CR and LF would begin a line of the plugin's own making, NUL is what other parsers end a value at (RFC 9110 §5.5).
const LINE_BREAK_OR_NUL = /[\r\n\0]/

/** Fields about one connection or about framing (RFC 9110 §7.6.1, RFC 9112 §6): the host's alone. */
const HOST_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Headers that a plugin gave, as they may be used. */
export interface CheckedHeaders {
  readonly headers: readonly Header[]
  /** Names of fields that were the host's to set and have been left out. */
  readonly dropped: readonly string[]
}

/** Why a header field may not be used, or `undefined`. */
export function whyBadField(name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return `a header name that is not a token (${JSON.stringify(name.slice(0, 80))})`
  if (LINE_BREAK_OR_NUL.test(value)) return `a value of header ${JSON.stringify(name.slice(0, 80))} with CR, LF or NUL`
  return undefined
}

/**
 * Takes a lifted value for a list of headers: names become lower case, framing and hop-by-hop fields are left out.
 *
 * @returns the reason for a trap as text, or the headers.
 */
export function checkHeaders(value: unknown): CheckedHeaders | string {
  if (!Array.isArray(value)) return 'headers that are not a list'
  const headers: Header[] = []
  for (const entry of value as unknown[]) {
    const header = toHeader(entry)
    if (typeof header === 'string') return header
    headers.push(header)
  }
  const hostFields = hostFieldsOf(headers)
  const dropped = headers.filter(({ name }) => hostFields.has(name)).map(({ name }) => name)
  return dropped.length === 0
    ? { headers, dropped }
    : { headers: headers.filter(({ name }) => !hostFields.has(name)), dropped }
}

function toHeader(entry: unknown): Header | string {
  if (typeof entry !== 'object' || entry === null || !('name' in entry) || !('value' in entry))
    return 'a header that is not a record'
  const { name, value } = entry
  if (typeof name !== 'string' || typeof value !== 'string') return 'a header that is not text'
  return whyBadField(name, value) ?? { name: name.toLowerCase(), value }
}

/** What `connection` names is hop-by-hop as well (RFC 9110 §7.6.1). */
function hostFieldsOf(headers: readonly Header[]): ReadonlySet<string> {
  const connection = headers.filter(({ name }) => name === 'connection')
  if (connection.length === 0) return HOST_FIELDS
  const named = connection.flatMap(({ value }) => value.split(',').map((option) => option.trim().toLowerCase()))
  return new Set([...HOST_FIELDS, ...named])
}
