import { isPluginError, type Logger, VaneError } from 'vane-core'
import type { ConnectionFloor } from '../floor/connection-floor.ts'
import { ClientFault } from '../http1/client-fault.ts'
import { ClientStall } from '../http1/client-stall.ts'
import type { LinkedNode } from '../link/linked-node.ts'
import type { Connection } from '../listen/connection.ts'
import { type EngineCounters, toErrorKind } from '../observe/engine-counters.ts'
import { BodyLimitError } from './body-limit-error.ts'

/** Whom failures are reported to. */
export interface FailureSinks {
  readonly logger: Logger
  readonly counters: EngineCounters
  readonly floor: Pick<ConnectionFloor, 'hit'>
}

/** Where a walk stood when something failed. */
export interface FailurePlace {
  /** Absent where it was no node's doing. */
  readonly node: LinkedNode | undefined
  /** Rule of the walk. */
  readonly rule: string | undefined
  readonly connection: Pick<Connection, 'id' | 'peerIp'>
}

/** Logs and counts a failure, whatever the client will be told. A client that went away is no failure. */
export function reportFailure(
  error: Error,
  { node, rule, connection }: FailurePlace,
  { logger, counters, floor }: FailureSinks,
): void {
  if (error instanceof VaneError && error.kind === 'canceled') return
  counters.countError(error)
  // Only a body can be slow once its request has become a walk.
  if (error instanceof ClientFault && error.status === 408) floor.hit('body_idle_timeout', connection.peerIp)
  const isAnomaly = isPluginError(error) && error.case === 'plugin' && error.onErrorHint === 'internal'
  if (isAnomaly) counters.pluginAnomalies++
  const fields = toFields(error, { node, rule, connection })
  const message = node === undefined ? 'request failed' : `${node.kind} failed`
  // What a peer, an upstream or a plugin did wrong is no fault of ours.
  if (isAnomaly || isOurs(error)) logger.error(fields, message)
  // Nor may clients fill the log with what they do wrong, a line for each request.
  else if (isOfClient(error)) logger.debug(fields, message)
  else logger.warn(fields, message)
}

/** Logs a failure that nobody but the operator will hear of, since it was not the end. */
export function reportRetry(error: Error, place: FailurePlace, { logger }: FailureSinks): void {
  logger.debug(toFields(error, place), `${place.node?.kind ?? 'request'} failed, and is tried again`)
}

function toFields(error: Error, { node, rule, connection }: FailurePlace): object {
  const { id: connectionId } = connection
  return { err: toLogged(error), rule: node?.rule ?? rule, node: node?.kind, name: node?.name, connectionId }
}

/** Stacks are for bugs of ours: what a peer or a plugin did wrong must not write a page into the log. */
function toLogged(error: Error): object {
  if (error instanceof VaneError || isOurs(error)) return error
  return { kind: toErrorKind(error), message: error.message }
}

function isOfClient(error: Error): boolean {
  if (error instanceof ClientFault || error instanceof ClientStall) return true
  // The limit that it ran into has been logged, at a bounded rate.
  if (error instanceof VaneError) return error.reason === 'body-memory'
  return error instanceof BodyLimitError && error.direction === 'request'
}

function isOurs(error: Error): boolean {
  if (error instanceof VaneError) return error.kind === 'internal'
  return !isPluginError(error) && !(error instanceof ClientFault) && !(error instanceof BodyLimitError)
}
