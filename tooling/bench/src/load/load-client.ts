/** How the clients of a load speak to the proxy. */
export type LoadClient =
  /** HTTP/1.1 in clear, on kept connections. */
  | { readonly kind: 'http1' }
  /** HTTP/1.1 over TLS, on kept connections. */
  | { readonly kind: 'http1-tls' }
  /** HTTP/2 over TLS, on kept connections with so many requests at once on each. */
  | { readonly kind: 'http2-tls'; readonly streams: number }
  /** A TLS connection for each request, whose handshake is whole or resumes a session. */
  | { readonly kind: 'handshakes'; readonly resumed: boolean }

/** Whether clients speak TLS. */
export function isOverTls({ kind }: LoadClient): boolean {
  return kind !== 'http1'
}
