import { type TimeoutReason, type UpstreamReason, VaneError } from 'vane-core'
import { NameFailure } from './resolve/name-failure.ts'

/** Where a request stood when its connection failed. */
export interface FailurePoint {
  /** Address of the upstream, for people. */
  readonly upstream: string
  readonly isConnected: boolean
  /** A byte of the response, or of an interim one, has come. */
  readonly hasAnswered: boolean
  /** The connection had carried a request before and failed before the first byte of this response. */
  readonly isIdlePickup: boolean
}

/** Sorts an error of a socket into a {@link VaneError}, unless it is one. */
export function toUpstreamError(cause: NodeJS.ErrnoException, point: FailurePoint): VaneError {
  if (cause instanceof VaneError) return cause
  if (cause instanceof NameFailure) return toFailure('dns-failure', cause.message, cause, point)
  if (cause instanceof AggregateError) return toUnreachable(cause, point)
  const options = { cause, context: { upstream: point.upstream } }
  const code = cause.code ?? ''
  if (code === 'EMFILE' || code === 'ENFILE') {
    return new VaneError(
      { kind: 'resource', reason: 'file-descriptors' },
      'no file descriptor left to connect with',
      options,
    )
  }
  if (code === 'ETIMEDOUT' && !point.isConnected) {
    return new VaneError(
      { kind: 'timeout', reason: 'connect' },
      `upstream ${point.upstream} did not accept in time`,
      options,
    )
  }
  return toFailure(toReason(code, point), describe(cause, point), cause, point)
}

/** No address of a name could be connected to. */
function toUnreachable(cause: AggregateError, point: FailurePoint): VaneError {
  const errors: readonly ConnectError[] = cause.errors
  const isLate = errors.every(({ code }) => code === 'ETIMEDOUT')
  const decisive = isLate ? errors[0] : errors.find(({ code }) => code === 'EMFILE' || code === 'ENFILE')
  if (decisive !== undefined) return toUpstreamError(decisive, point)
  const told = errors.slice(0, MAX_ADDRESSES_TOLD).map((error) => describe(error, point))
  const untold = errors.length - told.length
  return toFailure('unreachable', `${told.join(', ')}${untold > 0 ? `, and ${untold} more` : ''}`, cause, point)
}

/** What Node says of an attempt to connect. */
interface ConnectError extends NodeJS.ErrnoException {
  readonly address?: string
}

const MAX_ADDRESSES_TOLD = 4

/** The address is told where a name stood for it. */
function describe({ code, message, address }: ConnectError, { upstream, isConnected }: FailurePoint): string {
  const isNews = !isConnected && address !== undefined && !upstream.includes(address)
  return `${code ?? message}${isNews ? ` at ${address}` : ''}`
}

function toFailure(reason: UpstreamReason, what: string, cause: Error, { upstream }: FailurePoint): VaneError {
  return new VaneError({ kind: 'upstream', reason }, `upstream ${upstream}: ${MEANING[reason]} (${what})`, {
    cause,
    context: { upstream },
  })
}

const MEANING: Readonly<Record<UpstreamReason, string>> = {
  unreachable: 'cannot be connected to',
  'reset-mid-request': 'broke the connection off within a request',
  'reset-before-response': 'broke the connection off before its response',
  'reset-on-idle-pickup': 'had closed a kept connection',
  'tls-handshake': 'TLS handshake failed',
  'dns-failure': 'name cannot be resolved',
  refused: 'refused the request',
  gone: 'is going away',
  malformed: 'sent a response that is no valid HTTP',
}

function toReason(code: string, point: FailurePoint): UpstreamReason {
  if (!point.isConnected) return 'unreachable'
  // An alert of TLS is an answer, too, and the next one will be the same.
  if (point.hasAnswered || code.startsWith('ERR_SSL_')) return 'reset-mid-request'
  return point.isIdlePickup ? 'reset-on-idle-pickup' : 'reset-before-response'
}

/** The error of a response that is no valid HTTP. */
export function malformed(upstream: string, what: string): VaneError {
  return new VaneError({ kind: 'upstream', reason: 'malformed' }, `upstream ${upstream} sent a response with ${what}`, {
    context: { upstream },
  })
}

/** The error of an upstream that took too long to connect to, or whose name took too long to be resolved. */
export function toConnectTimeout(upstream: string, limitMs: number, isResolving: boolean): VaneError {
  const note = isResolving ? ', while its name was still being resolved' : ''
  const message = `upstream ${upstream} exceeded the connect timeout of ${limitMs} ms${note}`
  return new VaneError({ kind: 'timeout', reason: 'connect' }, message, { context: { upstream } })
}

/** The error of an upstream that was too slow; `read` is the wait for the first byte of its response. */
export function toTimeout(upstream: string, reason: Exclude<TimeoutReason, 'connect'>, limitMs: number): VaneError {
  const what = reason === 'read' ? 'first byte' : reason
  return new VaneError(
    { kind: 'timeout', reason },
    `upstream ${upstream} exceeded the ${what} timeout of ${limitMs} ms`,
    { context: { upstream } },
  )
}
