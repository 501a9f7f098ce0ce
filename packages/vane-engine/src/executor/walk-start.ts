import type { ServerExchange } from '../http1/server-codec.ts'
import type { LinkedGraph } from '../link/linked-graph.ts'
import type { Connection } from '../listen/connection.ts'
import type { TrajectoryRecorder } from './trajectory-recorder.ts'

/** One request's walk. */
export interface WalkStart {
  readonly graph: LinkedGraph
  readonly connection: Connection
  readonly exchange: ServerExchange
  readonly recorder: TrajectoryRecorder | undefined
}
