import { EMPTY_BODY, HeaderList, type HttpRequest, type HttpVersion } from 'vane-core'
import { CHAR_CLASS, CR, LF, SPACE, TARGET, TOKEN } from './char-class.ts'
import { ClientFault } from './client-fault.ts'
import { FieldScanner, INCOMPLETE, NO_LENGTH } from './field-scanner.ts'
import { HeadFault } from './head-fault.ts'
import { dropConnectionNamed } from './hop-by-hop.ts'
import { splitTarget, toHost } from './request-target.ts'

/** Length of a request body in chunked coding. */
export const CHUNKED_LENGTH = -1

/** What a request's head says of its message and its connection. */
export interface DecodedRequest {
  /** Its body is empty: what the length says is still to come. */
  readonly request: HttpRequest
  /** Bytes, or {@link CHUNKED_LENGTH}. */
  readonly bodyLength: number
  /** The client would go on using the connection. */
  readonly persists: boolean
  /** The client waits for an interim response before it sends the body. */
  readonly expectsContinue: boolean
  /** The client would like to go on in another protocol. */
  readonly asksUpgrade: boolean
  /** Index behind the head. */
  readonly end: number
}

/** Limits of a request's head. */
export interface RequestDecoderLimits {
  readonly maxHeaderBytes: number
  readonly maxHeadersCount: number
}

/** Decodes request heads, one after the other; shared by the connections of a listener, since each head is one run of code. */
export class RequestDecoder {
  readonly scanner: FieldScanner
  readonly #limits: RequestDecoderLimits
  /** The authority that came last, and its host: clients name the same one again and again. */
  #lastAuthority = ''
  #lastHost = ''

  constructor(limits: RequestDecoderLimits) {
    this.#limits = limits
    this.scanner = new FieldScanner(limits.maxHeadersCount)
  }

  /**
   * Decodes one head.
   *
   * @returns `undefined` where the bytes end before it does.
   * @throws ClientFault with the status the client is due, or HeadFault.
   */
  decode(bytes: Buffer, from: number, scheme: 'http' | 'https'): DecodedRequest | undefined {
    const lineEnd = this.#scanRequestLine(bytes, from)
    if (lineEnd === INCOMPLETE) return this.#incomplete(bytes.length - from)
    const { scanner } = this
    const end = scanner.scan(bytes, lineEnd, from)
    if (end === INCOMPLETE) return this.#incomplete(bytes.length - from)
    if (end - from > this.#limits.maxHeaderBytes) throw tooLarge(this.#limits.maxHeaderBytes)

    const version: HttpVersion = bytes[lineEnd - 3] === 0x31 ? '1.1' : '1.0'
    const text = bytes.toString('latin1', from, end)
    const methodEnd = text.indexOf(' ')
    const method = text.slice(0, methodEnd)
    const wireTarget = text.slice(methodEnd + 1, lineEnd - from - ' HTTP/1.1\r\n'.length)
    // TRACE echoes credentials to whoever can make a client send it (RFC 9110 §9.3.8); CONNECT would open a tunnel.
    if (method === 'TRACE' || method === 'CONNECT') throw new ClientFault(405, `method ${method} is refused`)
    if (scanner.hostCount > 1) throw new HeadFault('more than one host field')
    if (scanner.hostCount === 0 && version === '1.1') throw new HeadFault('no host field')
    if (scanner.hasLookalike) throw new HeadFault('a field that passes for content-length or transfer-encoding')
    if (scanner.isChunked && version === '1.0') throw new HeadFault('transfer-encoding in an HTTP/1.0 request')

    const headers = HeaderList.fromText(text, scanner.takeSpans())
    let authority = scanner.hostCount === 0 ? '' : text.slice(scanner.hostStart - from, scanner.hostEnd - from)
    let host = this.#toHost(authority)
    let target = wireTarget
    // Origin-form, nearly always; the scan has checked its bytes.
    if (wireTarget.charCodeAt(0) !== 0x2f) {
      const parts = splitTarget(wireTarget, method)
      target = parts.target
      if (parts.authority !== undefined) {
        // RFC 9112 §3.2.2: the target's authority overrides the field, and the field must not go on saying something else.
        authority = parts.authority
        host = this.#toHost(authority)
        if (host === '') throw new HeadFault('request target without a host')
        headers.set('host', authority)
      }
    }
    const expectsContinue = scanner.hasExpect && isContinueExpected(headers, version)
    if (scanner.named !== undefined) dropConnectionNamed(headers, scanner.named)
    const mark = target.indexOf('?')
    return {
      request: {
        method,
        scheme,
        authority,
        host,
        target,
        path: mark === -1 ? target : target.slice(0, mark),
        query: mark === -1 ? '' : target.slice(mark + 1),
        version,
        headers,
        body: EMPTY_BODY,
      },
      bodyLength: scanner.isChunked ? CHUNKED_LENGTH : scanner.contentLength === NO_LENGTH ? 0 : scanner.contentLength,
      persists: !scanner.saysClose && (version === '1.1' || scanner.saysKeepAlive),
      expectsContinue,
      asksUpgrade: scanner.asksUpgrade,
      end,
    }
  }

  #incomplete(length: number): undefined {
    if (length > this.#limits.maxHeaderBytes) throw tooLarge(this.#limits.maxHeaderBytes)
    return undefined
  }

  /** @returns the index behind the line, or {@link INCOMPLETE}. */
  #scanRequestLine(bytes: Buffer, from: number): number {
    const end = bytes.length
    let at = from
    while (at < end && (CHAR_CLASS[bytes[at]!]! & TOKEN) !== 0) at++
    if (at >= end) return INCOMPLETE
    if (bytes[at] !== SPACE || at === from) throw new HeadFault('request line without a method')
    const targetStart = ++at
    while (at < end && (CHAR_CLASS[bytes[at]!]! & TARGET) !== 0) at++
    if (at >= end) return INCOMPLETE
    if (bytes[at] !== SPACE || at === targetStart) throw new HeadFault('request target with a byte that none may have')
    return scanVersion(bytes, at + 1)
  }

  #toHost(authority: string): string {
    if (authority !== this.#lastAuthority) {
      this.#lastHost = toHost(authority)
      this.#lastAuthority = authority
    }
    return this.#lastHost
  }
}

const VERSION_PREFIX = Buffer.from('HTTP/')

/** Reads `HTTP/1.0` or `HTTP/1.1` and the line's end. @returns the index behind them, or {@link INCOMPLETE}. */
function scanVersion(bytes: Buffer, from: number): number {
  for (let i = 0; i < VERSION_PREFIX.length; i++) {
    if (from + i >= bytes.length) return INCOMPLETE
    if (bytes[from + i] !== VERSION_PREFIX[i]) throw new HeadFault('request line that does not end in its version')
  }
  // Digit, point, digit, CR, LF.
  if (from + 10 > bytes.length) {
    for (let at = from + 5; at < bytes.length; at++) {
      if (!isVersionByte(bytes[at]!, at - from)) throw new HeadFault('malformed HTTP version')
    }
    return INCOMPLETE
  }
  for (let i = 5; i < 10; i++) if (!isVersionByte(bytes[from + i]!, i)) throw new HeadFault('malformed HTTP version')
  const minor = bytes[from + 7]!
  if (bytes[from + 5] !== 0x31 || (minor !== 0x30 && minor !== 0x31))
    throw new ClientFault(505, 'unsupported HTTP version')
  return from + 10
}

function isVersionByte(byte: number, index: number): boolean {
  switch (index) {
    case 6:
      return byte === 0x2e
    case 8:
      return byte === CR
    case 9:
      return byte === LF
    default:
      return byte >= 0x30 && byte <= 0x39
  }
}

function isContinueExpected(headers: HeaderList, version: HttpVersion): boolean {
  const expectations = headers.getAll('expect')
  // RFC 9110 §10.1.1: of an HTTP/1.0 client the expectation is ignored.
  if (version === '1.0') return false
  if (expectations.length !== 1 || expectations[0]!.toLowerCase() !== '100-continue')
    throw new ClientFault(417, 'unknown expectation')
  return true
}

function tooLarge(maxBytes: number): ClientFault {
  return new ClientFault(431, `request head of more than ${maxBytes} bytes`)
}
