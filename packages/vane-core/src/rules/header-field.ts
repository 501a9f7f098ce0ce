import { quoted } from '../schema/decode-scalar.ts'
import type { Problem } from '../schema/problem-sink.ts'

/**
 * Fields that belong to one connection or to a message's framing: the encoder's, never a rule's. RFC 9110 §7.6.1, with
 * what proxies are known to take for it.
 */
export const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Whether a text is a token (RFC 9110 §5.6.2), as header names and methods are. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
}

/** Why a rule cannot send a header of this name. */
export function checkHeaderName(name: string): Problem | undefined {
  if (!isToken(name)) return { code: 'invalid-header', message: `${quoted(name)} is not a header name` }
  if (!FRAMING_HEADERS.has(name.toLowerCase())) return undefined
  return { code: 'framing-header', message: `the header ${quoted(name)} is set by the transport, not by rules` }
}

/** Why a rule cannot send this header value. */
export function checkHeaderValue(value: string): Problem | undefined {
  // ASCII only: beyond it, no two readers agree on the encoding. CR and LF would split the message.
  if (/^[\t\x20-\x7e]*$/.test(value)) return undefined
  return { code: 'invalid-header', message: 'a header value is printable ASCII and tabs only' }
}
