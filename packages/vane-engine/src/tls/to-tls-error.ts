import { type UpstreamAddress, VaneError } from 'vane-core'
import { errorCode } from '../config/io-error.ts'
import { NameFailure } from '../upstream/resolve/name-failure.ts'
import { describeAddress, type UpstreamIdentity } from './upstream-tls.ts'

/**
 * Puts the failure of a TLS connection to an upstream into words that say what to do.
 *
 * @returns `undefined` for a failure that came before TLS: a name that is not found, a connection that is refused.
 */
export function toTlsError(
  error: Error,
  address: UpstreamAddress,
  identity: Pick<UpstreamIdentity, 'verifiedName'>,
): VaneError | undefined {
  if ('syscall' in error && error.syscall === 'connect') return undefined
  // An aggregate is of the connections to the addresses of a name.
  if (error instanceof NameFailure || error instanceof AggregateError) return undefined
  const message = `TLS with the upstream ${describeAddress(address)} failed: ${reasonOf(error, identity)}`
  // Whoever closes without a word may be starting or ending; all else will be the same the next time.
  const reason = CLOSED.has(errorCode(error)) ? 'unreachable' : 'tls-handshake'
  return new VaneError({ kind: 'upstream', reason }, message, { cause: error })
}

function reasonOf(error: Error, { verifiedName }: Pick<UpstreamIdentity, 'verifiedName'>): string {
  const code = errorCode(error)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names: unknown = 'cert' in error && typeof error.cert === 'object' ? error.cert : undefined
    const shown =
      typeof names === 'object' && names !== null && 'subjectaltname' in names ? names.subjectaltname : undefined
    const others = typeof shown === 'string' ? `, but for ${shown.slice(0, MAX_NAMES_LENGTH)}` : ''
    return `its certificate is not for ${JSON.stringify(verifiedName ?? '')}${others} ("verify_hostname" says which name to expect)`
  }
  return (code === undefined ? undefined : REASONS[code]) ?? error.message
}

/** Of a certificate's names, in a message. */
const MAX_NAMES_LENGTH = 200

const UNKNOWN_AUTHORITY = 'its certificate was signed by an authority that is not trusted ("ca_file" says which one is)'
const SELF_SIGNED = 'its certificate is self-signed, and not one that is trusted ("ca_file" can name it)'
const NO_TLS = 'it does not speak TLS on that port'
const NO_CERTIFICATE = 'it wants a certificate of ours ("client_cert")'
const OUR_CERTIFICATE = 'it does not accept our certificate ("client_cert")'

const CLOSED: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE'])

/** By the codes of Node and OpenSSL. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: is a clock wrong?',
  CERT_REVOKED: 'its certificate has been revoked',
  CRL_HAS_EXPIRED: 'a revocation list has expired ("crls")',
  UNABLE_TO_GET_CRL:
    'there is no revocation list of an authority that signed its certificate ("crls" needs one of each)',
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  INVALID_PURPOSE: 'its certificate is not for servers',
  INVALID_CA: 'its certificate was signed by one that is no authority',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks no version of TLS from 1.2 on',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks no version of TLS from 1.2 on',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: NO_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: OUR_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: OUR_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: OUR_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: OUR_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: OUR_CERTIFICATE,
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'it has no certificate for the name it was asked for ("sni")',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'it speaks no version of HTTP that was offered ("version")',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'it broke the handshake off: it may want another name ("sni"), a certificate of ours ("client_cert"), or older ciphers',
  ECONNRESET: 'it closed the connection within the handshake',
  EPIPE: 'it closed the connection within the handshake',
}
