import { type Logger, normalisePath } from 'vane-core'
import { Walk } from '../executor/walk.ts'
import { toStatusResponse } from '../executor/respond-to-error.ts'
import { walkConnection } from '../executor/walk-connection.ts'
import type { BodyMemory } from '../floor/body-memory.ts'
import type { ConnectionFloor } from '../floor/connection-floor.ts'
import { type LimitName, toRefusedLimit } from '../floor/limit-name.ts'
import { ClientFault } from '../http1/client-fault.ts'
import type { HttpSession, ServerExchange } from '../http1/server-codec.ts'
import type { LinkedGraph } from '../link/linked-graph.ts'
import { NO_NODE } from '../link/linked-node.ts'
import { toErrorEvent } from '../observe/connection-events.ts'
import type { EngineCounters } from '../observe/engine-counters.ts'
import type { FlowLog } from '../observe/flow-log.ts'
import type { Connection } from './connection.ts'

/** What every session of an engine shares. */
export interface SessionContext {
  readonly logger: Logger
  readonly counters: EngineCounters
  readonly floor: ConnectionFloor
  readonly bodies: BodyMemory
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
  /** Whether that graph asks other things of its clients than this one was asked. */
  #isOutdated: boolean

  constructor(connection: Connection, owner: SessionOwner, context: SessionContext) {
    this.#connection = connection
    this.#owner = owner
    this.#context = context
    this.#graph = owner.graph()
    this.#firstNode = walkConnection(this.#graph, connection)
    // A reload may have come within the handshake.
    this.#isOutdated = isMadeUnderOtherRules(this.#graph, connection)
  }

  get scheme(): 'http' | 'https' {
    return this.#connection.scheme
  }

  isClosing(): boolean {
    return this.#owner.isClosing()
  }

  onExchange(exchange: ServerExchange): void {
    const { counters, flowLog } = this.#context
    const connection = this.#connection
    const graph = this.#owner.graph()
    if (graph !== this.#graph) {
      this.#graph = graph
      this.#firstNode = walkConnection(graph, connection)
      this.#isOutdated = isMadeUnderOtherRules(graph, connection)
    }
    counters.requestsTotal++
    const isOutdated = this.#isOutdated
    if (isOutdated || connection.tls?.covers(exchange.request.host) === false) {
      this.#answerMisdirected(exchange, isOutdated)
      return
    }
    counters.requestsActive++
    connection.requests++
    const recorder = flowLog?.begin(connection)
    const walk = new Walk({ graph, connection, exchange, recorder }, this.#context)
    // A reload may have closed the door that this connection came in by.
    if (this.#firstNode === NO_NODE) walk.drop()
    else if (graph.comparesPaths && normalisePath(exchange.request.path) === undefined)
      walk.refuse(new ClientFault(400, 'path that can be read in more than one way'))
    else walk.run(this.#firstNode)
  }

  /** RFC 9110 §15.5.20: the client asks again, on a connection of its own. */
  #answerMisdirected(exchange: ServerExchange, isOutdated: boolean): void {
    const { counters, logger } = this.#context
    counters.countResponse(421)
    counters.errors.protocol++
    logger.debug(
      { status: 421, host: exchange.request.host, sni: this.#connection.sni, connectionId: this.#connection.id },
      'request on a connection that is for other hosts',
    )
    // Other requests of an HTTP/2 connection may well be for the right host.
    exchange.respond(toStatusResponse(421), isOutdated || exchange.request.version !== '2')
  }

  onRefused(status: number, reason: string): void {
    const { counters, floor, flowLog, logger } = this.#context
    counters.requestsTotal++
    counters.countResponse(status)
    counters.errors[status === 408 ? 'timeout' : status === 500 ? 'internal' : 'protocol']++
    const limit = toRefusedLimit(status, reason)
    if (limit !== undefined) floor.hit(limit, this.#connection.peerIp)
    flowLog?.add(() => toErrorEvent(this.#connection, `request refused with ${status}: ${reason}`))
    const fields = { status, reason, connectionId: this.#connection.id }
    if (status === 500) logger.error(fields, 'connection failed')
    else logger.debug(fields, 'request refused')
  }

  onLimitHit(limit: LimitName, reason: string): void {
    const { counters, floor, flowLog } = this.#context
    counters.errors.protocol++
    floor.hit(limit, this.#connection.peerIp)
    flowLog?.add(() => toErrorEvent(this.#connection, reason))
  }
}

/** Whether a reload has changed what the listener asks of its clients, which this one was asked under the old rules. */
function isMadeUnderOtherRules(graph: LinkedGraph, { entryKey, tls }: Connection): boolean {
  const listener = graph.listeners.get(entryKey)
  // A listener that is gone drains; the connections it had go on by the rules that it had.
  if (listener === undefined) return false
  if (tls !== undefined) return listener.terminator?.policy !== tls.policy
  return listener.terminator !== undefined && listener.kind === 'http'
}
