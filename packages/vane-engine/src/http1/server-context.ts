import type { EngineLimits } from '../engine-options.ts'
import type { DeadlineClock } from '../time/deadline-clock.ts'
import type { HttpDate } from '../time/http-date.ts'
import type { RequestDecoder } from './request-decoder.ts'
import type { ServerConnection } from './server-connection.ts'

/** The limits a connection keeps. */
export type ServerLimits = Pick<
  EngineLimits,
  | 'maxHeaderBytes'
  | 'maxHeadersCount'
  | 'headerTimeoutMs'
  | 'bodyIdleTimeoutMs'
  | 'keepAliveTimeoutMs'
  | 'writeStallTimeoutMs'
>

/** What the connections of a listener share. */
export interface ServerContext {
  readonly limits: ServerLimits
  readonly decoder: RequestDecoder
  readonly clock: DeadlineClock
  readonly date: HttpDate
  /** The connection is gone. */
  onClosed(connection: ServerConnection): void
}
