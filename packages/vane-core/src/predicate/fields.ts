import type { InspectionLevel } from './types.ts'

/** What a field holds, and so which operators it takes. */
export type FieldType = 'string' | 'bytes' | 'int' | 'ip' | 'enum' | 'bool' | 'list'

/** A field a predicate can test. */
export interface PredicateField {
  /** Path as written; one that ends in a dot is completed by a name, as in `http.header.accept`. */
  readonly path: string
  readonly type: FieldType
  readonly level: InspectionLevel
  /** Whether this version can read it. */
  readonly isSupported: boolean
  /** What an `enum` can be; absent where any word of the right form can occur. */
  readonly values?: readonly string[]
  /** The form its values always have, which literals must have too. */
  readonly form?: 'lower-case' | 'upper-case-token' | 'path'
}

/**
 * Every field of the language. `http.uri.query` is empty rather than absent where a target has none; `http.host` is absent
 * where an HTTP/1.0 request names none; addresses and ports are absent on Unix sockets.
 */
export const FIELDS: readonly PredicateField[] = [
  { path: 'transport', type: 'enum', level: 'l4', isSupported: true, values: ['tcp', 'udp'] },
  { path: 'remote.ip', type: 'ip', level: 'l4', isSupported: true },
  { path: 'local.ip', type: 'ip', level: 'l4', isSupported: true },
  { path: 'remote.port', type: 'int', level: 'l4', isSupported: true },
  { path: 'local.port', type: 'int', level: 'l4', isSupported: true },
  { path: 'peek', type: 'bytes', level: 'l4-peek', isSupported: false },
  { path: 'tls.sni', type: 'string', level: 'l4-peek', isSupported: false, form: 'lower-case' },
  { path: 'tls.alpn', type: 'bytes', level: 'l4-peek', isSupported: false },
  { path: 'tls.version', type: 'enum', level: 'l7-header', isSupported: false, values: ['1.2', '1.3'] },
  { path: 'tls.peer_cert.present', type: 'bool', level: 'l7-header', isSupported: false },
  { path: 'tls.peer_cert.subject_cn', type: 'string', level: 'l7-header', isSupported: false },
  { path: 'tls.peer_cert.issuer_cn', type: 'string', level: 'l7-header', isSupported: false },
  { path: 'tls.peer_cert.serial', type: 'string', level: 'l7-header', isSupported: false },
  { path: 'tls.peer_cert.fingerprint_sha256', type: 'string', level: 'l7-header', isSupported: false },
  { path: 'tls.peer_cert.spki_sha256', type: 'string', level: 'l7-header', isSupported: false },
  { path: 'tls.peer_cert.san_dns', type: 'list', level: 'l7-header', isSupported: false },
  { path: 'http.method', type: 'enum', level: 'l7-header', isSupported: true, form: 'upper-case-token' },
  { path: 'http.version', type: 'enum', level: 'l7-header', isSupported: true, values: ['1.0', '1.1', '2', '3'] },
  { path: 'http.host', type: 'string', level: 'l7-header', isSupported: true, form: 'lower-case' },
  { path: 'http.uri.path', type: 'string', level: 'l7-header', isSupported: true, form: 'path' },
  { path: 'http.uri.query', type: 'string', level: 'l7-header', isSupported: true },
  { path: 'http.header.', type: 'string', level: 'l7-header', isSupported: true },
  { path: 'http.query.', type: 'string', level: 'l7-header', isSupported: false },
  { path: 'http.cookie.', type: 'string', level: 'l7-header', isSupported: false },
  { path: 'http.body', type: 'bytes', level: 'l7-body', isSupported: false },
]

/** The field a path names; `undefined` where there is none. */
export function findField(path: string): PredicateField | undefined {
  return FIELDS.find(({ path: known }) =>
    known.endsWith('.') ? path.length > known.length && path.startsWith(known) : path === known,
  )
}
