import { HeaderList, VaneError } from 'vane-core'
import { dropConnectionNamed, isHostOwned } from '../../http1/hop-by-hop.ts'

/** The head of a program's answer (RFC 3875 §6.3). */
export interface CgiHead {
  readonly status: number
  readonly headers: HeaderList
  /** Declared length of the content in bytes. */
  readonly length: number | undefined
  /** What came of the content together with the head. */
  readonly rest: Uint8Array
}

/** Head of an answer, line ends included. */
const MAX_HEAD_BYTES = 65_536
const MAX_FIELDS = 100
const LF = 0x0a
const CR = 0x0d

/** Reads the head of a program's answer, bit by bit and strictly: what two readers could understand differently is refused. */
export class CgiHeadParser {
  #bytes: Buffer = Buffer.alloc(0)
  /** Where the line begins that is not complete yet. */
  #lineStart = 0
  readonly #lines: string[] = []

  /**
   * Takes the next bytes.
   *
   * @returns the head once it is complete, else `undefined`.
   * @throws VaneError of kind `upstream`, reason `malformed`.
   */
  push(chunk: Uint8Array): CgiHead | undefined {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk])
    for (;;) {
      const lineEnd = this.#bytes.indexOf(LF, this.#lineStart)
      if ((lineEnd === -1 ? this.#bytes.length : lineEnd + 1) > MAX_HEAD_BYTES) {
        throw malformed(`a head of more than ${MAX_HEAD_BYTES} bytes`)
      }
      if (lineEnd === -1) return undefined
      const textEnd = lineEnd > this.#lineStart && this.#bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd
      const line = this.#bytes.toString('latin1', this.#lineStart, textEnd)
      this.#lineStart = lineEnd + 1
      if (line === '') return toHead(this.#lines, this.#bytes.subarray(this.#lineStart))
      this.#lines.push(line)
      if (this.#lines.length > MAX_FIELDS) throw malformed(`more than ${MAX_FIELDS} header fields`)
    }
  }
}

/** The error of an answer that is no CGI response. */
export function malformed(what: string): VaneError {
  return new VaneError({ kind: 'upstream', reason: 'malformed' }, `CGI program answered with ${what}`)
}

const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*$/

function toHead(lines: readonly string[], rest: Uint8Array): CgiHead {
  // A program that writes the whole response itself would write past every check.
  if (lines[0]?.startsWith('HTTP/') === true) throw malformed('a status line: non-parsed headers are refused')
  const headers = new HeaderList()
  for (const line of lines) {
    const match = FIELD.exec(line)
    if (match === null) throw malformed('a line in its head that is no header field')
    headers.append(match[1]!, match[2]!)
  }
  const single = (name: string): string | undefined => {
    const values = headers.getAll(name)
    if (values.length > 1) throw malformed(`more than one ${name}`)
    return values[0]
  }
  const location = single('location')
  const contentType = single('content-type')
  const status = toStatus(single('status'), location)
  const length = toLength(single('content-length'))
  // RFC 3875 §6.3: one of the three there must be, and content has a type.
  if (location === undefined && contentType === undefined && !headers.has('status')) {
    throw malformed('neither content-type nor location nor status')
  }
  if (headers.has('transfer-encoding')) throw malformed('a transfer coding, which is for the server to make')
  const options = headers.getAll('connection').flatMap((value) => value.toLowerCase().split(','))
  dropConnectionNamed(
    headers,
    options.map((option) => option.trim()),
  )
  headers.filter((name) => name !== 'status' && !name.startsWith('x-cgi-') && !isHostOwned(name))
  return { status, headers, length, rest }
}

function toStatus(text: string | undefined, location: string | undefined): number {
  if (text === undefined) return location === undefined ? 200 : 302
  const match = /^([2-5]\d\d)(?: .*)?$/.exec(text)
  if (match === null) throw malformed('a status that is none, or is not final')
  return Number(match[1])
}

function toLength(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) throw malformed('a malformed content-length')
  return Number(text)
}
