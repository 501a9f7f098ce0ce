import type { Logger } from 'vane-core'
import { Walk } from '../executor/walk.ts'
import { walkConnection } from '../executor/walk-connection.ts'
import type { ConnectionFloor } from '../floor/connection-floor.ts'
import { toRefusedLimit } from '../floor/limit-name.ts'
import type { HttpSession, ServerExchange } from '../http1/server-codec.ts'
import type { LinkedGraph } from '../link/linked-graph.ts'
import { NO_NODE } from '../link/linked-node.ts'
import { toErrorEvent, toUpgradeEvent } from '../observe/connection-events.ts'
import type { EngineCounters } from '../observe/engine-counters.ts'
import type { FlowLog } from '../observe/flow-log.ts'
import type { Connection } from './connection.ts'

/** What every session of an engine shares. */
export interface SessionContext {
  readonly logger: Logger
  readonly counters: EngineCounters
  readonly floor: ConnectionFloor
  readonly flowLog: FlowLog | undefined
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
    if (this.isAdmitted) context.flowLog?.add(() => toUpgradeEvent(connection, 'http/1.1'))
  }

  /** Whether the graph lets this connection speak HTTP at all. */
  get isAdmitted(): boolean {
    return this.#firstNode !== NO_NODE
  }

  isClosing(): boolean {
    return this.#owner.isClosing()
  }

  onExchange(exchange: ServerExchange): void {
    const { counters, logger, flowLog } = this.#context
    const connection = this.#connection
    const graph = this.#owner.graph()
    if (graph !== this.#graph) {
      this.#graph = graph
      this.#firstNode = walkConnection(graph, connection)
    }
    counters.requestsTotal++
    counters.requestsActive++
    connection.requests++
    const recorder = flowLog?.begin(connection)
    const walk = new Walk({ graph, connection, exchange, recorder }, { logger, counters })
    // A reload may have closed the door that this connection came in by.
    if (this.#firstNode === NO_NODE) walk.drop()
    else walk.run(this.#firstNode)
  }

  onRefused(status: number, reason: string): void {
    const { counters, floor, flowLog, logger } = this.#context
    counters.requestsTotal++
    counters.countResponse(status)
    counters.errors[status === 408 ? 'timeout' : 'protocol']++
    const limit = toRefusedLimit(status, reason)
    if (limit !== undefined) floor.hit(limit, this.#connection.peerIp)
    flowLog?.add(() => toErrorEvent(this.#connection, `request refused with ${status}: ${reason}`))
    logger.debug({ status, reason, connectionId: this.#connection.id }, 'request refused')
  }
}
