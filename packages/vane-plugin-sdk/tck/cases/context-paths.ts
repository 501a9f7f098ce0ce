import type { ContextValue, MiddlewareKind } from 'vane-plugin-sdk'

/** A path that exports may inspect, with the kinds for which it exists and the type of its value. */
export interface ContextPath {
  /** A family is written with `<name>` at its end. */
  readonly path: string
  readonly type: ContextValue['tag']
  readonly kinds: readonly MiddlewareKind[]
}

const ALL: readonly MiddlewareKind[] = ['l4-peek', 'l4-bytes', 'l7-request', 'l7-response']
const L7: readonly MiddlewareKind[] = ['l7-request', 'l7-response']

const rows = (
  kinds: readonly MiddlewareKind[],
  types: Readonly<Partial<Record<ContextValue['tag'], readonly string[]>>>,
): ContextPath[] =>
  Object.entries(types).flatMap(([type, paths]) =>
    paths.map((path) => ({ path, type: type as ContextValue['tag'], kinds })),
  )

/** Every path of the contract. */
export const CONTEXT_PATHS: readonly ContextPath[] = [
  ...rows(ALL, {
    text: [
      'conn.peer_ip',
      'conn.local_ip',
      'conn.transport',
      'conn.alpn',
      'conn.id',
      'conn.tls.version',
      'conn.tls.sni',
      'conn.tls.peer_cert.subject_cn',
      'conn.tls.peer_cert.fingerprint_sha256',
      'conn.tls.peer_cert.spki_sha256',
      'conn.tls.peer_cert.issuer_cn',
      'conn.tls.peer_cert.serial',
      'transport',
      'remote.ip',
      'local.ip',
      'tls.sni',
    ],
    uint64: ['conn.peer_port', 'conn.local_port', 'conn.accept_unix_ms', 'remote.port', 'local.port'],
    bytes: ['conn.tls.peer_cert', 'peek', 'tls.alpn'],
    boolean: ['conn.tls.peer_cert.present'],
    'list-text': ['conn.tls.peer_cert.san_dns'],
  }),
  ...rows(L7, {
    text: [
      'tls.version',
      'tls.peer_cert.subject_cn',
      'tls.peer_cert.issuer_cn',
      'tls.peer_cert.serial',
      'tls.peer_cert.fingerprint_sha256',
      'tls.peer_cert.spki_sha256',
      'http.method',
      'http.version',
      'http.host',
      'http.uri.path',
      'http.uri.query',
      'http.header.<name>',
      'http.query.<name>',
      'http.cookie.<name>',
    ],
    boolean: ['tls.peer_cert.present'],
    'list-text': ['tls.peer_cert.san_dns'],
  }),
  ...rows(['l7-request'], { bytes: ['http.body'] }),
]
