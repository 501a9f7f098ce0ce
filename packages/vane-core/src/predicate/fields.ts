import type { InspectionLevel } from './types.ts'

/** What a field holds, and so which operators it takes. */
export type FieldType = 'string' | 'bytes' | 'int' | 'ip' | 'enum' | 'bool' | 'list'

/** A field a predicate can test. */
export interface PredicateField {
  /** Path as written; one that ends in a dot is completed by a name, as in `http.header.accept`. */
  readonly path: string
  readonly type: FieldType
  readonly level: InspectionLevel
  /** What an `enum` can be; absent where any word of the right form can occur. */
  readonly values?: readonly string[]
  /** The form its values always have, which literals must have too. */
  readonly form?: 'lower-case' | 'upper-case-token' | 'path'
}

/**
 * Every field of the language. `http.uri.query` is empty rather than absent where a target has none; `http.host` is absent
 * where an HTTP/1.0 request names none; addresses and ports are absent on Unix sockets; `tls.alpn` holds the first protocol
 * that the client offers.
 */
export const FIELDS: readonly PredicateField[] = [
  { path: 'transport', type: 'enum', level: 'l4', values: ['tcp', 'udp'] },
  { path: 'remote.ip', type: 'ip', level: 'l4' },
  { path: 'local.ip', type: 'ip', level: 'l4' },
  { path: 'remote.port', type: 'int', level: 'l4' },
  { path: 'local.port', type: 'int', level: 'l4' },
  { path: 'peek', type: 'bytes', level: 'l4-peek' },
  { path: 'tls.sni', type: 'string', level: 'l4-peek', form: 'lower-case' },
  { path: 'tls.alpn', type: 'bytes', level: 'l4-peek' },
  { path: 'tls.version', type: 'enum', level: 'l7-header', values: ['1.2', '1.3'] },
  { path: 'tls.peer_cert.present', type: 'bool', level: 'l7-header' },
  { path: 'tls.peer_cert.subject_cn', type: 'string', level: 'l7-header' },
  { path: 'tls.peer_cert.issuer_cn', type: 'string', level: 'l7-header' },
  { path: 'tls.peer_cert.serial', type: 'string', level: 'l7-header' },
  { path: 'tls.peer_cert.fingerprint_sha256', type: 'string', level: 'l7-header' },
  { path: 'tls.peer_cert.spki_sha256', type: 'string', level: 'l7-header' },
  { path: 'tls.peer_cert.san_dns', type: 'list', level: 'l7-header' },
  { path: 'http.method', type: 'enum', level: 'l7-header', form: 'upper-case-token' },
  { path: 'http.version', type: 'enum', level: 'l7-header', values: ['1.0', '1.1', '2', '3'] },
  { path: 'http.host', type: 'string', level: 'l7-header', form: 'lower-case' },
  { path: 'http.uri.path', type: 'string', level: 'l7-header', form: 'path' },
  { path: 'http.uri.query', type: 'string', level: 'l7-header' },
  { path: 'http.header.', type: 'string', level: 'l7-header' },
  { path: 'http.query.', type: 'string', level: 'l7-header' },
  { path: 'http.cookie.', type: 'string', level: 'l7-header' },
  { path: 'http.body', type: 'bytes', level: 'l7-body' },
]

/** The field a path names; `undefined` where there is none. */
export function findField(path: string): PredicateField | undefined {
  return FIELDS.find(({ path: known }) =>
    known.endsWith('.') ? path.length > known.length && path.startsWith(known) : path === known,
  )
}
