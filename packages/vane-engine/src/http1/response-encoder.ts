import { STATUS_CODES } from 'node:http'
import type { HttpResponse } from 'vane-core'
import { isHostOwned } from './hop-by-hop.ts'

/** How a response's content is delimited (RFC 9112 §6.3). */
export type ResponseFraming = 'none' | 'length' | 'chunked' | 'close'

/** What the encoder adds to a response's own fields. */
export interface ResponseHeadOptions {
  /** Version of the request. */
  readonly version: '1.0' | '1.1'
  readonly framing: ResponseFraming
  /** Value of `content-length`; `undefined` for none. Also where no content follows: answers to HEAD, 304. */
  readonly length: number | undefined
  /** The connection ends with this response. */
  readonly isLast: boolean
  /** Value of `date` where the response has none (RFC 9110 §6.6.1). */
  readonly date: string
}

/** `HTTP/1.1 200 OK` and its CRLF, by status. */
const STATUS_LINES: ReadonlyMap<number, string> = new Map(
  Object.entries(STATUS_CODES).map(([status, reason]) => [Number(status), `HTTP/1.1 ${status} ${reason}\r\n`]),
)

/** Writes the status line of a response. A status that no one has named goes without a reason. */
export function encodeStatusLine(status: number): string {
  return STATUS_LINES.get(status) ?? `HTTP/1.1 ${status} \r\n`
}

/**
 * Writes the head of a final response, the empty line included, one character a byte.
 *
 * @throws TypeError where a field cannot be written.
 */
export function encodeResponseHead({ status, headers }: HttpResponse, options: ResponseHeadOptions): string {
  let head = encodeStatusLine(status) + headers.toWire(isHostOwned)
  if (options.framing === 'chunked') head += 'transfer-encoding: chunked\r\n'
  else if (options.length !== undefined) head += `content-length: ${options.length}\r\n`
  if (!headers.has('date')) head += `date: ${options.date}\r\n`
  // HTTP/1.1 persists without saying so.
  if (options.isLast) head += 'connection: close\r\n\r\n'
  else head += options.version === '1.0' ? 'connection: keep-alive\r\n\r\n' : '\r\n'
  return head
}
