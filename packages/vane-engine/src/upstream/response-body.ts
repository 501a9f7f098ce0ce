import type { IncomingMessage } from 'node:http'
import { type Body, type BodySource, EMPTY_BODY, VaneError } from 'vane-core'
import { IncomingBody } from '../http1/incoming-body.ts'
import type { ResponseHead } from './response-head.ts'
import { toUpstreamError } from './upstream-error.ts'

/** Unwanted rest of a response that is read to its end, so that its connection can be kept. */
const MAX_DISCARD_BYTES = 65_536
const DISCARD_MS = 5_000

/** What the body of a response depends on besides its head. */
export interface ResponseBodyOptions {
  /** Of the request. */
  readonly method: string
  /** Address of the upstream, for people. */
  readonly upstream: string
  /** Longest pause within the body. */
  readonly idleMs: number
  toIdleError(): VaneError
}

/** The body of a response whose head has been parsed. Whatever it is, the message's errors are handled from here on. */
export function toResponseBody(
  res: IncomingMessage,
  { status, length }: ResponseHead,
  { method, upstream, idleMs, toIdleError }: ResponseBodyOptions,
): Body {
  const hasContent = method !== 'HEAD' && status !== 204 && status !== 304
  if (!hasContent || length === 0) {
    res.on('error', () => {})
    res.resume()
    const isDeclared = !hasContent && length !== undefined && status !== 204
    return isDeclared ? { kind: 'stream', source: NO_CONTENT, length } : EMPTY_BODY
  }
  const point = { upstream, isConnected: true, isIdlePickup: false }
  const source = new IncomingBody(res, {
    idleMs,
    toIdleError,
    toBrokenError: (cause) => toUpstreamError(cause ?? new Error('connection closed'), point),
    discard: (reason) => discard(res, length, reason),
  })
  return { kind: 'stream', source, length }
}

/** Content that a head declares but that does not come (RFC 9110 §8.6: answers to HEAD, 304). */
const NO_CONTENT: BodySource = {
  start: (sink) => sink.end(undefined),
  resume: () => {},
  cancel: () => {},
}

function discard(res: IncomingMessage, length: number | undefined, reason: Error): void {
  const isSmall = length !== undefined && length <= MAX_DISCARD_BYTES
  if (!isSmall || (reason instanceof VaneError && reason.kind === 'canceled')) {
    res.destroy()
    return
  }
  const timer = setTimeout(() => res.destroy(), DISCARD_MS)
  res.once('close', () => clearTimeout(timer))
  res.resume()
}
