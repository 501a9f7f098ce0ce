import { constants } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'

/**
 * How TLS is spoken to clients. Of TLS 1.2 only suites with forward secrecy and authenticated encryption, which are also the
 * only ones that HTTP/2 allows (RFC 9113 §9.2.2); clients that put ChaCha20 first, having no AES in hardware, get it. A
 * renegotiation costs the server ten times what it costs the client, and nobody needs one.
 */
export const SERVER_PROFILE: Readonly<SecureContextOptions> = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  honorCipherOrder: true,
  secureOptions:
    constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE | constants.SSL_OP_PRIORITIZE_CHACHA,
}

/** How long a session can be resumed; no longer than a set of ticket keys lives anyway. In seconds. */
export const SESSION_TIMEOUT_SECS = 7_200
