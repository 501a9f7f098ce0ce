import { normalisePath } from 'vane-core'
import { ClientFault } from '../../http1/client-fault.ts'

/** Finds what of a request's path is below the place where a program is mounted. */
export class PathInfo {
  /** As paths are compared: bytes as characters. */
  readonly #scriptName: string
  readonly #segments: readonly string[]

  /** @param scriptName empty, or as `http.uri.path` would be compared with it. */
  constructor(scriptName: string) {
    this.#scriptName = Buffer.from(scriptName, 'utf8').toString('latin1')
    this.#segments = this.#scriptName.split('/').slice(1)
  }

  /**
   * The part of a path below the program, decoded once (RFC 3875 §4.1.5); `undefined` where the path is not below it. That is
   * asked of the path in the one form that rules see, so that no rule takes a request for another place than this does.
   *
   * @throws ClientFault 400 for what has no such form, for what would mean something else decoded: an encoded slash, NUL, or
   *   bytes that are no UTF-8; and for segments `.` and `..`, since programs take what they are given for a place below
   *   some folder of theirs.
   */
  of(path: string): string | undefined {
    const normal = normalisePath(path)
    if (normal === undefined) throw new ClientFault(400, 'path of a CGI request that can be read in more than one way')
    if (normal !== this.#scriptName && !normal.startsWith(`${this.#scriptName}/`)) return undefined
    const rest = path.slice(this.#endOfScriptName(path))
    if (/%(?:2f|00)/i.test(rest)) throw new ClientFault(400, 'path of a CGI request with an encoded slash or NUL')
    const pathInfo = decodePath(rest)
    if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(pathInfo)) throw new ClientFault(400, 'path of a CGI request with dot segments')
    return pathInfo
  }

  /** Where the segments of the script name end in a path, however they are written there. */
  #endOfScriptName(path: string): number {
    if (path.startsWith(`${this.#scriptName}/`) || path === this.#scriptName) return this.#scriptName.length
    let end = 0
    for (let found = 0; found < this.#segments.length;) {
      const next = path.indexOf('/', end + 1)
      const from = end
      end = next === -1 ? path.length : next
      const segment = normalisePath(path.slice(from, end))
      // Empty, or `.`: a segment that is left out.
      if (segment === '/') continue
      if (from === end || segment !== `/${this.#segments[found]!}`)
        throw new ClientFault(400, 'path of a CGI request whose segments are separated otherwise than by slashes')
      found++
    }
    return end
  }
}

function decodePath(path: string): string {
  try {
    // Bytes that came as they are become escapes first, so that both kinds are read as UTF-8 together.
    return decodeURIComponent(path.replace(/[^\x00-\x7f]/g, (char) => `%${char.charCodeAt(0).toString(16)}`))
  } catch {
    throw new ClientFault(400, 'path of a CGI request that is no percent-encoded UTF-8')
  }
}
