import type { ErrorKind } from 'vane-core'
import type { ListenerStatus } from '../listen/listener.ts'
import type { UpstreamStats } from '../upstream/upstream-pool.ts'
import type { EngineCounters, StatusClass } from './engine-counters.ts'

/** Figures of an engine at one moment: plain JSON. Totals count from the engine's making. */
export interface EngineStats {
  /** Of the graph in force; `null` before `start`. */
  readonly versionHash: string | null
  readonly uptimeMs: number
  readonly listeners: readonly ListenerStatus[]
  readonly connections: { readonly active: number; readonly total: number }
  readonly requests: {
    readonly active: number
    /** Requests that have become tunnels, and are open; they are not active any more. */
    readonly tunnels: number
    readonly total: number
    /** Requests whose client went away first. */
    readonly canceled: number
    readonly byStatus: Readonly<Record<StatusClass, number>>
  }
  readonly errors: Readonly<Record<ErrorKind, number>>
  /** Plugin errors that were marked `internal`. */
  readonly pluginAnomalies: number
  /** Hits of security limits, by the limit's name. */
  readonly limitHits: Readonly<Record<string, number>>
  readonly upstreams: readonly UpstreamStats[]
  /** Of bodies that are read whole, in memory at this moment. */
  readonly bufferedBytes: number
  /** On client connections, framing included. */
  readonly bytes: { readonly received: number; readonly sent: number }
}

/** What the counters do not hold. */
export interface EngineMoment extends Pick<
  EngineStats,
  'versionHash' | 'uptimeMs' | 'listeners' | 'upstreams' | 'bufferedBytes'
> {
  /** Bytes of the connections that are open. */
  readonly openBytes: { readonly received: number; readonly sent: number }
}

/** Puts an engine's figures together. The result shares nothing with the counters. */
export function toEngineStats(counters: EngineCounters, { openBytes, ...moment }: EngineMoment): EngineStats {
  return {
    ...moment,
    connections: { active: counters.connectionsActive, total: counters.connectionsTotal },
    requests: {
      active: counters.requestsActive,
      tunnels: counters.tunnelsActive,
      total: counters.requestsTotal,
      canceled: counters.requestsCanceled,
      byStatus: { ...counters.responses },
    },
    errors: { ...counters.errors },
    pluginAnomalies: counters.pluginAnomalies,
    limitHits: { ...counters.limitHits },
    bytes: { received: counters.bytesReceived + openBytes.received, sent: counters.bytesSent + openBytes.sent },
  }
}
