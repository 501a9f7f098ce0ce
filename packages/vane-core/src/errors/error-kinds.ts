/**
 * Why an upstream failed. `refused` is a refused stream, `gone` a GOAWAY: in both the request was certainly not begun. A reset
 * is `mid-request` once a byte of the response has come, and `before-response` before that.
 */
export type UpstreamReason =
  | 'unreachable'
  | 'reset-mid-request'
  | 'reset-before-response'
  | 'reset-on-idle-pickup'
  | 'tls-handshake'
  | 'dns-failure'
  | 'refused'
  | 'gone'
  | 'malformed'

/** Which clock ran out. */
export type TimeoutReason = 'connect' | 'read' | 'total' | 'idle' | 'handshake'

/** What there was not enough of. */
export type ResourceReason =
  | 'connection-pool'
  | 'wasm-pool'
  | 'cgi-pool'
  | 'body-memory'
  | 'memory'
  | 'file-descriptors'

/** A kind with the reason it must carry, if any. */
export type ErrorCategory =
  | { readonly kind: 'io' | 'protocol' | 'middleware' | 'compile' | 'canceled' | 'internal' }
  | { readonly kind: 'upstream'; readonly reason: UpstreamReason }
  | { readonly kind: 'timeout'; readonly reason: TimeoutReason }
  | { readonly kind: 'resource'; readonly reason: ResourceReason }

/** What went wrong, coarsely. `internal` means an invariant of ours broke. */
export type ErrorKind = ErrorCategory['kind']

/** Every {@link ErrorKind}: the closed list used as a metric label. */
export const ERROR_KINDS: readonly ErrorKind[] = [
  'io',
  'protocol',
  'upstream',
  'middleware',
  'compile',
  'timeout',
  'canceled',
  'resource',
  'internal',
]
