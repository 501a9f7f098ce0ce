import { NetError, type NetErrorValue } from 'vane-core'

const BY_CODE: Readonly<Record<string, NetErrorValue>> = {
  ECONNREFUSED: { tag: 'connection-refused' },
  ETIMEDOUT: { tag: 'timeout' },
  UND_ERR_CONNECT_TIMEOUT: { tag: 'timeout' },
  UND_ERR_HEADERS_TIMEOUT: { tag: 'timeout' },
  UND_ERR_BODY_TIMEOUT: { tag: 'timeout' },
}

const DNS_CODES: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'ENODATA',
])

// OpenSSL's verification results have names of their own; Node's are ERR_TLS_* and ERR_SSL_*.
const TLS_CODE =
  /^ERR_(?:TLS|SSL)_|CERT|^(?:UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE))|^EPROTO$/

/** Sorts what a request failed with. The text a plugin gets is a code, never a message: those name addresses. */
export function toNetError(error: unknown): NetError {
  if (error instanceof NetError) return error
  const code = codeOf(error)
  if (code === undefined) return new NetError({ tag: 'internal', val: 'the request failed' }, { cause: error })
  const known = BY_CODE[code]
  if (known !== undefined) return new NetError(known, { cause: error })
  if (DNS_CODES.has(code)) return new NetError({ tag: 'dns-failure', val: code }, { cause: error })
  if (TLS_CODE.test(code)) return new NetError({ tag: 'tls-error', val: code }, { cause: error })
  return new NetError({ tag: 'internal', val: code }, { cause: error })
}

/** Code of an error, or of what caused it. */
function codeOf(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 4) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return codeOf(error.cause, depth + 1)
}
