import { type ClientHello, looksLikeTls, parseClientHello } from './client-hello.ts'

/** What a connection speaks, as its first bytes tell. */
export type DetectedProtocol = 'tls' | 'http1' | 'http2' | 'unknown'

/** What the first bytes are. */
export interface Detection {
  readonly protocol: DetectedProtocol
  /** Of `tls`, where it was asked for. */
  readonly hello: ClientHello | undefined
  /** Why a handshake that has been begun cannot be understood. */
  readonly fault: string | undefined
}

/** A connection of which nothing is known. */
export const UNKNOWN: Detection = { protocol: 'unknown', hello: undefined, fault: undefined }

const HTTP1: Detection = { protocol: 'http1', hello: undefined, fault: undefined }
const HTTP2: Detection = { protocol: 'http2', hello: undefined, fault: undefined }
const TLS: Detection = { protocol: 'tls', hello: undefined, fault: undefined }

/** RFC 9113 §3.4. */
const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
/** RFC 9112 §2.2 has servers ignore an empty line before a request; some clients send one after a body. */
const LEADING_EMPTY_LINES = /^(?:\r\n){0,2}/
/** A request line up to its version, or as much of one as there is. */
const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} [\x21-\x7e]+ HTTP\/[0-9]/
const PART_OF_REQUEST_LINE =
  /^(?:\r|\r\n\r)?$|^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}(?:$| (?:$|[\x21-\x7e]+(?:$| (?:$|H(?:$|T(?:$|T(?:$|P(?:$|\/$))))))))/

/** How detection looks. */
export interface DetectOptions {
  /** Whether a ClientHello is read, and so waited for. */
  readonly wantsHello: boolean
  /** No more bytes will come: what is not clear now will not be. */
  readonly isAll: boolean
}

/**
 * Tells what a connection speaks.
 *
 * @returns how many bytes there have to be before it is worth asking again, where it is too early to tell.
 */
export function detectProtocol(bytes: Uint8Array, { wantsHello, isAll }: DetectOptions): Detection | number {
  const isTls = looksLikeTls(bytes)
  if (isTls === undefined) return isAll ? UNKNOWN : bytes.length + 1
  if (isTls) return wantsHello ? readHello(bytes, isAll) : TLS
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  if (text.startsWith(HTTP2_PREFACE)) return HTTP2
  if (HTTP2_PREFACE.startsWith(text)) return isAll ? UNKNOWN : text.length + 1
  const line = text.replace(LEADING_EMPTY_LINES, '')
  if (REQUEST_LINE.test(line)) return HTTP1
  if (!PART_OF_REQUEST_LINE.test(line)) return UNKNOWN
  if (!isAll) return text.length + 1
  // A target that does not end within what is looked at: long, but of no other protocol.
  return /^[A-Z]+ (?:\/|https?:\/\/)/.test(line) ? HTTP1 : UNKNOWN
}

function readHello(bytes: Uint8Array, isAll: boolean): Detection | number {
  const parsed = parseClientHello(bytes)
  switch (parsed.status) {
    case 'complete':
      return { protocol: 'tls', hello: parsed.hello, fault: undefined }
    case 'malformed':
      return { protocol: 'tls', hello: undefined, fault: parsed.reason }
    case 'incomplete':
      return isAll
        ? { protocol: 'tls', hello: undefined, fault: `a ClientHello that does not end within ${bytes.length} bytes` }
        : parsed.neededBytes
  }
}
