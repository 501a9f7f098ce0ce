/** A context path of a request, and what its report looks like behind `path=`. */
export interface ProxyContext {
  readonly path: string
  readonly expected: RegExp
}

/** The report of a path that has no value: no entry. Some proxies do not have all of them. */
const orNothing = (expected: RegExp): RegExp => new RegExp(`${expected.source}|`)

/**
 * Of a connection in the clear over TCP from and to this machine, with the request `GET /p/a%20b?q=1&x-tck=v`, the host `A.test:81`, and a
 * header and a cookie `x-tck`.
 */
export const PROXY_CONTEXT: readonly ProxyContext[] = [
  { path: 'conn.peer_ip', expected: /text:(127\.0\.0\.1|::1)/ },
  { path: 'conn.peer_port', expected: /uint64:[1-9]\d*/ },
  { path: 'conn.local_ip', expected: /text:(127\.0\.0\.1|::1)/ },
  { path: 'conn.local_port', expected: /uint64:[1-9]\d*/ },
  { path: 'conn.transport', expected: /text:tcp/ },
  { path: 'conn.alpn', expected: /text:(http\/1\.1)?/ },
  { path: 'conn.id', expected: /text:[0-9a-f]{16}/ },
  { path: 'conn.accept_unix_ms', expected: /uint64:1\d{12}/ },
  { path: 'conn.tls.version', expected: /text:/ },
  { path: 'conn.tls.sni', expected: /text:/ },
  { path: 'conn.tls.peer_cert', expected: /bytes:/ },
  { path: 'conn.tls.peer_cert.present', expected: /boolean:0/ },
  { path: 'conn.tls.peer_cert.subject_cn', expected: /text:/ },
  { path: 'conn.tls.peer_cert.san_dns', expected: /list-text:/ },
  { path: 'conn.tls.peer_cert.fingerprint_sha256', expected: /text:/ },
  { path: 'conn.tls.peer_cert.spki_sha256', expected: /text:/ },
  { path: 'conn.tls.peer_cert.issuer_cn', expected: /text:/ },
  { path: 'conn.tls.peer_cert.serial', expected: /text:/ },
  { path: 'transport', expected: /text:tcp/ },
  { path: 'remote.ip', expected: /text:(127\.0\.0\.1|::1)/ },
  { path: 'local.ip', expected: /text:(127\.0\.0\.1|::1)/ },
  { path: 'remote.port', expected: /uint64:[1-9]\d*/ },
  { path: 'local.port', expected: /uint64:[1-9]\d*/ },
  { path: 'tls.sni', expected: orNothing(/text:/) },
  { path: 'http.method', expected: /text:GET/ },
  { path: 'http.version', expected: /text:(HTTP\/)?1\.1/ },
  { path: 'http.host', expected: /text:a\.test/ },
  { path: 'http.uri.path', expected: /text:\/p\/a b/ },
  { path: 'http.uri.query', expected: /text:q=1&x-tck=v/ },
  { path: 'http.header.x-tck', expected: /text:one/ },
  { path: 'http.query.x-tck', expected: orNothing(/text:v/) },
  { path: 'http.cookie.x-tck', expected: orNothing(/text:c/) },
]
