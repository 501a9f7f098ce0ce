import { ERROR_KINDS, type ErrorKind, isPluginError, VaneError } from 'vane-core'
import { BodyLimitError } from '../executor/body-limit-error.ts'
import type { LimitName } from '../floor/limit-name.ts'
import { ClientFault } from '../http1/client-fault.ts'

/** Classes responses are counted by. */
export type StatusClass = '2xx' | '3xx' | '4xx' | '5xx'

/** What an engine counts from its start on. */
export class EngineCounters {
  connectionsTotal = 0
  connectionsActive = 0
  requestsTotal = 0
  requestsActive = 0
  /** Requests that have become tunnels, and are open. */
  tunnelsActive = 0
  /** Requests whose client went away first. */
  requestsCanceled = 0
  readonly responses: Record<StatusClass, number> = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 }
  readonly errors: Record<ErrorKind, number> = Object.fromEntries(ERROR_KINDS.map((kind) => [kind, 0])) as Record<
    ErrorKind,
    number
  >
  /** Plugin errors that were marked `internal`: something is wrong with the plugin itself. */
  pluginAnomalies = 0
  /** Hits of security limits, by the limit's name. */
  readonly limitHits: Record<string, number> = {}
  /** Of connections that have closed. */
  bytesReceived = 0
  bytesSent = 0

  countError(error: unknown): void {
    this.errors[toErrorKind(error)]++
  }

  countResponse(status: number): void {
    const first = Math.trunc(status / 100)
    this.responses[first === 2 ? '2xx' : first === 3 ? '3xx' : first === 4 ? '4xx' : '5xx']++
  }

  countLimitHit(limit: LimitName): void {
    this.limitHits[limit] = (this.limitHits[limit] ?? 0) + 1
  }
}

/** The kind an error is counted under. */
export function toErrorKind(error: unknown): ErrorKind {
  if (error instanceof VaneError) return error.kind
  if (error instanceof ClientFault) return error.status === 408 ? 'timeout' : 'protocol'
  if (error instanceof BodyLimitError) return error.direction === 'request' ? 'protocol' : 'upstream'
  if (isPluginError(error)) return error.case === 'exhausted' ? 'resource' : 'middleware'
  return 'internal'
}
