import type { ResponseDecoder } from '../http1/response-decoder.ts'
import type { DeadlineClock } from '../time/deadline-clock.ts'
import type { UpstreamConnection } from './upstream-connection.ts'

/** The pool a connection belongs to, as the connection sees it. */
export interface ConnectionOwner {
  /** For people. */
  readonly name: string
  readonly clock: DeadlineClock
  readonly decoder: ResponseDecoder
  readonly maxHeaderBytes: number
  /** How long it may stay unused. */
  readonly idleTimeoutMs: number
  /** Whether the upstream's name is being asked for. */
  readonly isResolving: boolean
  /** Puts an error into words that came before the connection was ready. */
  explain(error: Error): Error
  /** It can take the next request. */
  onFree(connection: UpstreamConnection): void
  /** It carries a tunnel from now on, until it closes. */
  onSwitched(connection: UpstreamConnection): void
  onClosed(connection: UpstreamConnection): void
}
