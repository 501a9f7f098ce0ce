import type { UpstreamStats } from './upstream-pool.ts'
import type { UpstreamExchange, UpstreamListener, UpstreamRequest } from './upstream-request.ts'

/** Connections to one upstream, whatever the version of HTTP they speak. */
export interface UpstreamTransport {
  /**
   * Sends a request. The listener may hear of a failure before this returns.
   *
   * @param nowMs of `performance.now()`, where somebody has just looked.
   * @throws Error where a field cannot be written.
   */
  send(request: UpstreamRequest, listener: UpstreamListener, nowMs?: number): UpstreamExchange
  /** Counts a request that failed for good, after attempts that the sender made. */
  countFailure(): void
  stats(): UpstreamStats
  /** Closes every connection that no request is on. @returns how many. */
  dropIdle(): number
  /** The next connection asks for the upstream's name anew. */
  expireName(): void
  /** No request will follow those that are running: connections close after them. */
  retire(): void
  /** Ends every connection, running requests and tunnels included. */
  close(): void
}
