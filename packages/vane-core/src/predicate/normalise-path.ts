/** What makes a path need work; all others are their own normal form. Beyond printable ASCII: nothing that a codec lets in. */
const UNUSUAL = /[%\\;?#]|\/[/.]|[^\x21-\x7e]/
const MALFORMED_ESCAPE = /%(?![0-9A-Fa-f]{2})/
/** Control bytes, and the forms of UTF-8 that spell an ASCII character in more bytes than it has (RFC 3629 §3). */
const NEVER_MEANT = /[\x00-\x1f\x7f]|[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]/
const SEPARATOR = /[/\\]/
const PARAMETERS = /[;?#]/
const PERCENT = 0x25

/**
 * The one form in which a path is compared: percent-decoded until nothing is left to decode, `\` as `/`, segments without what
 * follows `;`, `?` or `#` in them, empty segments and `.` left out. What is forwarded is the path as it came.
 *
 * Each of these steps only takes away what some server behind the proxy may ignore, segment by segment, so that a path which any of
 * them takes for one below `/a` is below `/a` here too. What would take other segments away cannot be read in one way, and has no
 * such form: `..` in any spelling, and two slashes at the beginning, which some take for the beginning of a host.
 * Neither has a malformed escape, an escaped control byte or overlong UTF-8. No browser sends any of them.
 *
 * @param path as on the wire, one UTF-16 unit per byte; `*` and the like, which begin with no slash, stay as they are.
 * @returns the same kind of text; `undefined` where there is no one reading. Takes time linear in the length.
 */
export function normalisePath(path: string): string | undefined {
  if (!UNUSUAL.test(path) || !path.startsWith('/')) return path
  if (MALFORMED_ESCAPE.test(path)) return undefined
  const decoded = decodeFully(path)
  return NEVER_MEANT.test(decoded) ? undefined : joinSegments(decoded.split(SEPARATOR))
}

/** @param segments of which the first is what stands before the first slash: nothing. */
function joinSegments(segments: readonly string[]): string | undefined {
  const last = segments.length - 1
  let path = ''
  for (let index = 1; index <= last; index++) {
    const segment = segments[index]!
    const end = segment.search(PARAMETERS)
    const name = end === -1 ? segment : segment.slice(0, end)
    if (name === '..') return undefined
    if (name === '' || name === '.') {
      if (name === '' && path === '' && index < last) return undefined
      if (index === last) path += '/'
    } else path += `/${name}`
  }
  return path
}

/** Decodes escapes, and those that come of decoding, in one pass: what is complete at the end of the output is decoded there. */
function decodeFully(path: string): string {
  if (!path.includes('%')) return path
  const out = Buffer.allocUnsafe(path.length)
  let length = 0
  for (let at = 0; at < path.length; at++) {
    out[length++] = path.charCodeAt(at)
    while (length >= 3 && out[length - 3] === PERCENT) {
      const high = hexDigit(out[length - 2]!)
      const low = hexDigit(out[length - 1]!)
      if (high === -1 || low === -1) break
      out[length - 3] = (high << 4) | low
      length -= 2
    }
  }
  return out.toString('latin1', 0, length)
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
