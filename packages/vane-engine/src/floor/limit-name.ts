import type { Http2Limit } from '../http2/flood-guard.ts'

/** Every limit of the security floor, by the name that counters and logs have for it. */
export type LimitName =
  | 'max_header_bytes'
  | 'max_headers_count'
  | 'header_timeout'
  | 'body_idle_timeout'
  | 'max_conn_per_ip'
  | 'max_handshake_rate_per_ip'
  | Http2Limit
  | 'max_total_conns'
  | 'max_pending_handshakes'
  | 'max_buffered_bytes'
  | 'max_buffered_bytes_per_ip'

/** The limit that a request ran into which a codec refused, where it was one. */
export function toRefusedLimit(status: number, reason: string): LimitName | undefined {
  if (status === 408) return 'header_timeout'
  // A codec has one status for both: what tells them apart is its own sentence.
  if (status === 431) return /^more than \d+ header fields$/.test(reason) ? 'max_headers_count' : 'max_header_bytes'
  return undefined
}
