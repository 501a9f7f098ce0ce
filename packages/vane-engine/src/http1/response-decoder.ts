import { HeaderList, type HeaderSpans } from 'vane-core'
import { CHAR_CLASS, CR, LF, SPACE, VALUE } from './char-class.ts'
import { FieldScanner, INCOMPLETE, NO_LENGTH } from './field-scanner.ts'
import { HeadFault } from './head-fault.ts'
import { dropConnectionNamed } from './hop-by-hop.ts'

/** What a response's head says of its message and its connection. */
export interface DecodedResponse {
  readonly status: number
  readonly version: '1.0' | '1.1'
  /** Without framing and the fields of the connection. */
  readonly headers: HeaderList
  /** Declared bytes of content, also where none comes (HEAD, 304). */
  readonly length: number | undefined
  readonly isChunked: boolean
  /** The upstream would go on using the connection. */
  readonly persists: boolean
  /** What a 101 switches to, in lower case; `undefined` where it does not say so in `Upgrade` and in `Connection`. */
  readonly switchesTo: string | undefined
  /** Index behind the head. */
  readonly end: number
}

/** Fields a response may have. */
const MAX_FIELDS = 1_000
/** Length of `HTTP/1.1 200`, which every status line has. */
const FIXED_PART = 12
const PREFIX = Buffer.from('HTTP/1.')

/** Decodes response heads, one after the other. */
export class ResponseDecoder {
  readonly scanner: FieldScanner = new FieldScanner(MAX_FIELDS)
  readonly #maxHeaderBytes: number

  constructor(maxHeaderBytes: number) {
    this.#maxHeaderBytes = maxHeaderBytes
  }

  /**
   * Decodes one head.
   *
   * @returns `undefined` where the bytes end before it does.
   * @throws HeadFault for what is no response of HTTP/1.0 or 1.1.
   */
  decode(bytes: Buffer, from: number): DecodedResponse | undefined {
    const lineEnd = scanStatusLine(bytes, from)
    if (lineEnd === INCOMPLETE) return this.#incomplete(bytes.length - from)
    const { scanner } = this
    const end = scanner.scan(bytes, lineEnd, from)
    if (end === INCOMPLETE) return this.#incomplete(bytes.length - from)
    this.#incomplete(end - from)
    const isVersion10 = bytes[from + PREFIX.length] === 0x30
    const status = toDigits(bytes, from + 9)
    if (scanner.isChunked && isVersion10) throw new HeadFault('transfer-encoding in an HTTP/1.0 response')
    // RFC 9112 §6: whoever took the length at its word would take other bytes for the next response.
    if (status < 200 && (scanner.isChunked || scanner.contentLength > 0))
      throw new HeadFault(`content in a response of status ${status}`)
    const text = bytes.toString('latin1', from, end)
    const switchesTo =
      status === 101 && !isVersion10 && scanner.asksUpgrade ? toProtocol(text, scanner.takeSpans()) : undefined
    const headers = HeaderList.fromText(text, scanner.takeEndToEndSpans())
    if (scanner.named !== undefined) dropConnectionNamed(headers, scanner.named)
    return {
      status,
      version: isVersion10 ? '1.0' : '1.1',
      headers,
      length: scanner.contentLength === NO_LENGTH ? undefined : scanner.contentLength,
      isChunked: scanner.isChunked,
      persists: !scanner.saysClose && (!isVersion10 || scanner.saysKeepAlive),
      switchesTo,
      end,
    }
  }

  #incomplete(length: number): undefined {
    if (length > this.#maxHeaderBytes) throw new HeadFault(`a head of more than ${this.#maxHeaderBytes} bytes`, true)
    return undefined
  }
}

function toProtocol(text: string, spans: HeaderSpans): string {
  return HeaderList.fromText(text, spans).getAll('upgrade').join(', ').toLowerCase()
}

/** @returns the index behind the line, or {@link INCOMPLETE}. */
function scanStatusLine(bytes: Buffer, from: number): number {
  const end = bytes.length
  for (let i = 0; i < FIXED_PART; i++) {
    if (from + i >= end) return INCOMPLETE
    if (!isStatusLineByte(bytes[from + i]!, i)) throw new HeadFault('a malformed status line')
  }
  const status = toDigits(bytes, from + 9)
  if (status < 100 || status > 599) throw new HeadFault(`status ${status}`)
  let at = from + FIXED_PART
  // RFC 9112 §4: a space follows even where there is no reason; common servers leave it out.
  if (at < end && bytes[at] !== SPACE && bytes[at] !== CR) throw new HeadFault('a malformed status line')
  while (at < end && (CHAR_CLASS[bytes[at]!]! & VALUE) !== 0) at++
  if (at < end && bytes[at] !== CR) throw new HeadFault('a malformed status line')
  if (at + 1 >= end) return INCOMPLETE
  if (bytes[at + 1] !== LF) throw new HeadFault('a malformed status line')
  return at + 2
}

function isStatusLineByte(byte: number, index: number): boolean {
  if (index < PREFIX.length) return byte === PREFIX[index]
  if (index === PREFIX.length) return byte === 0x30 || byte === 0x31
  if (index === PREFIX.length + 1) return byte === SPACE
  return byte >= 0x30 && byte <= 0x39
}

function toDigits(bytes: Buffer, at: number): number {
  return (bytes[at]! - 0x30) * 100 + (bytes[at + 1]! - 0x30) * 10 + bytes[at + 2]! - 0x30
}
