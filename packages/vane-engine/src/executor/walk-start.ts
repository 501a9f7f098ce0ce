import type { BodyMemory } from '../floor/body-memory.ts'
import type { ServerExchange } from '../http1/server-codec.ts'
import type { LinkedGraph } from '../link/linked-graph.ts'
import type { Connection } from '../listen/connection.ts'
import type { FailureSinks } from './report-failure.ts'
import type { TrajectoryRecorder } from './trajectory-recorder.ts'

/** What every walk of an engine shares. */
export interface WalkContext extends FailureSinks {
  /** Counts the bodies that walks read into memory. */
  readonly bodies: Pick<BodyMemory, 'open'>
}

/** One request's walk. */
export interface WalkStart {
  readonly graph: LinkedGraph
  readonly connection: Connection
  readonly exchange: ServerExchange
  readonly recorder: TrajectoryRecorder | undefined
}
