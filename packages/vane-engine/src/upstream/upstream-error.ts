import { type TimeoutReason, type UpstreamReason, VaneError } from 'vane-core'

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
  const reason = toReason(code, point)
  return new VaneError(
    { kind: 'upstream', reason },
    `upstream ${point.upstream}: ${MEANING[reason]} (${code || cause.message})`,
    options,
  )
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
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_FAIL' || code === 'EAI_NODATA') return 'dns-failure'
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

/** The error of an upstream that was too slow; `read` is the wait for the first byte of its response. */
export function toTimeout(upstream: string, reason: TimeoutReason, limitMs: number): VaneError {
  const what = reason === 'read' ? 'first byte' : reason
  return new VaneError(
    { kind: 'timeout', reason },
    `upstream ${upstream} exceeded the ${what} timeout of ${limitMs} ms`,
    { context: { upstream } },
  )
}
