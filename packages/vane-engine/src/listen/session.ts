import { type Logger, normalisePath, type Trajectory } from 'vane-core'
import { TrajectoryRecorder } from '../executor/trajectory-recorder.ts'
import { Walk } from '../executor/walk.ts'
import { walkConnection } from '../executor/walk-connection.ts'
import { ClientFault } from '../http1/client-fault.ts'
import type { HttpSession, ServerExchange } from '../http1/server-codec.ts'
import type { LinkedGraph } from '../link/linked-graph.ts'
import { NO_NODE } from '../link/linked-node.ts'
import type { EngineCounters } from '../observe/engine-counters.ts'
import type { Connection } from './connection.ts'

/** What every session of an engine shares. */
export interface SessionContext {
  readonly logger: Logger
  readonly counters: EngineCounters
  readonly onTrajectory: ((trajectory: Trajectory) => void) | undefined
}

/** What a session asks its listener. */
export interface SessionOwner {
  /** The graph that a request arriving now walks. */
  graph(): LinkedGraph
  /** Whether connections should end with their next response. */
  isClosing(): boolean
}

/** One client connection: starts a walk for each of its requests, on the graph of that moment. */
export class Session implements HttpSession {
  readonly scheme = 'http'
  readonly #connection: Connection
  readonly #owner: SessionOwner
  readonly #context: SessionContext
  /** Where requests begin on the graph that the last one walked: an L4 answer holds for as long as the graph does. */
  #graph: LinkedGraph
  #firstNode: number

  constructor(connection: Connection, owner: SessionOwner, context: SessionContext) {
    this.#connection = connection
    this.#owner = owner
    this.#context = context
    this.#graph = owner.graph()
    this.#firstNode = walkConnection(this.#graph, connection)
  }

  /** Whether the graph lets this connection speak HTTP at all. */
  get isAdmitted(): boolean {
    return this.#firstNode !== NO_NODE
  }

  isClosing(): boolean {
    return this.#owner.isClosing()
  }

  onExchange(exchange: ServerExchange): void {
    const { counters, logger, onTrajectory } = this.#context
    const connection = this.#connection
    const graph = this.#owner.graph()
    if (graph !== this.#graph) {
      this.#graph = graph
      this.#firstNode = walkConnection(graph, connection)
    }
    counters.requestsTotal++
    counters.requestsActive++
    const recorder = onTrajectory === undefined ? undefined : new TrajectoryRecorder(onTrajectory)
    const walk = new Walk({ graph, connection, exchange, recorder }, { logger, counters })
    // A reload may have closed the door that this connection came in by.
    if (this.#firstNode === NO_NODE) walk.drop()
    else if (graph.comparesPaths && normalisePath(exchange.request.path) === undefined)
      walk.refuse(new ClientFault(400, 'path that can be read in more than one way'))
    else walk.run(this.#firstNode)
  }

  onRefused(status: number, reason: string): void {
    const { counters, logger } = this.#context
    counters.requestsTotal++
    counters.countResponse(status)
    counters.errors[status === 408 ? 'timeout' : status === 500 ? 'internal' : 'protocol']++
    if (status === 431) counters.countLimitHit('max_header')
    if (status === 408) counters.countLimitHit('header_timeout')
    const fields = { status, reason, connectionId: this.#connection.id }
    if (status === 500) logger.error(fields, 'connection failed')
    else logger.debug(fields, 'request refused')
  }
}
