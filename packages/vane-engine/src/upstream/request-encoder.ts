import type { Body } from 'vane-core'
import { isHostOwned } from '../http1/hop-by-hop.ts'
import type { UpstreamRequest } from './upstream-request.ts'

/**
 * Writes a request's head for an HTTP/1.1 upstream, the empty line included, one character a byte.
 *
 * @throws TypeError where a field cannot be written.
 */
export function encodeRequestHead({
  method,
  target,
  host,
  headers,
  body,
  expectsContinue,
  upgrade,
}: UpstreamRequest): string {
  let head = `${method} ${target} HTTP/1.1\r\n`
  // As it came, where it did not change: then all lines are one piece.
  if (headers.get('host') === host) head += headers.toWire(isLeftOut)
  else head += `host: ${host}\r\n${headers.toWire(isLeftOut, 'host')}`
  if (expectsContinue) head += 'expect: 100-continue\r\n'
  if (upgrade !== undefined) head += `connection: upgrade\r\nupgrade: ${upgrade}\r\n`
  return `${head}${toFraming(body, method)}\r\n`
}

function isLeftOut(lowerName: string): boolean {
  return isHostOwned(lowerName) || lowerName === 'expect'
}

/** The line that frames a request with that body; none where there is nothing to frame (RFC 9110 §8.6). */
function toFraming(body: Body, method: string): string {
  switch (body.kind) {
    case 'stream':
      return body.length === undefined ? 'transfer-encoding: chunked\r\n' : `content-length: ${body.length}\r\n`
    case 'fixed':
      return `content-length: ${body.bytes.length}\r\n`
    case 'empty':
      return method === 'GET' || method === 'HEAD' ? '' : 'content-length: 0\r\n'
  }
}
