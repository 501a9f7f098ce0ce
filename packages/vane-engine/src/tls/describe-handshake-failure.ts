import type { TLSSocket } from 'node:tls'
import { errorCode } from '../config/io-error.ts'

/** Says in words why a client's handshake failed. */
export function describeHandshakeFailure(error: Error, { authorizationError: refused }: TLSSocket): string {
  // Node types it as an error, and gives the code of one.
  const verdict: unknown = refused
  if (verdict instanceof Error || typeof verdict === 'string') return `client certificate: ${String(verdict)}`
  const code = errorCode(error)
  if (code !== undefined && REASONS.has(code)) return REASONS.get(code)!
  // Its message begins with a thread's number and ends with a line of OpenSSL's source; what lies between is the reason.
  const reason: unknown = 'reason' in error ? error.reason : undefined
  return typeof reason === 'string' ? reason : error.message
}

/** By the codes of Node and OpenSSL. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'the client offers no version of TLS from 1.2 on'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'the client offers no cipher suite that is good enough, or none for the certificate'],
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'client certificate: none was shown'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'the client offers no protocol that is spoken here (ALPN)'],
  ['ECONNRESET', 'closed within the handshake'],
])
