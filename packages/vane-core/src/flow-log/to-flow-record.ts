import type { ConnectionEvent, FlowEvent } from './flow-event.ts'
import type { StepBranch, Trajectory } from './trajectory.ts'

/** An entry of the flow log as it is written to a file and over the management socket: plain JSON. */
export type FlowRecord = RequestRecord | StepRecord | ConnectionRecord

/** A request that is over. */
export interface RequestRecord {
  readonly event: 'request'
  /** ISO 8601, UTC: when it was over. */
  readonly time: string
  readonly connection_id: string
  readonly entry: string
  readonly rule: string | null
  readonly method: string
  readonly target: string
  readonly status: number | null
  readonly outcome: Trajectory['outcome']
  readonly duration_ms: number
  /** Of bodies. */
  readonly bytes_in: number
  readonly bytes_out: number
  readonly error: string | null
  readonly steps: readonly {
    readonly node: number
    readonly kind: string
    readonly branch: StepBranch
    readonly micros: number
  }[]
  /** Steps between the first and the last ones that are not in `steps`. */
  readonly steps_omitted: number
}

/** One step of a request, with verbosity `debug`. */
export interface StepRecord {
  readonly event: 'step'
  readonly time: string
  readonly connection_id: string
  readonly rule: string | null
  readonly node: number
  readonly kind: string
  readonly name: string
  readonly branch: StepBranch
  readonly micros: number
}

/** A milestone of a connection; the last fields belong to the event. */
export interface ConnectionRecord {
  readonly event: ConnectionEvent['event']
  readonly time: string
  readonly connection_id: string | null
  readonly entry: string | null
  readonly peer: string | null
  readonly protocol?: string
  readonly duration_ms?: number
  readonly requests?: number
  readonly bytes_in?: number
  readonly bytes_out?: number
  /** Of a connection whose bytes were forwarded; `null` where several rules share the upstream. */
  readonly rule?: string | null
  readonly upstream?: string
  readonly error?: string
  readonly limit?: string
}

/** Makes the JSON form of an entry. */
export function toFlowRecord(event: FlowEvent): FlowRecord {
  const time = new Date(event.unixMs).toISOString()
  switch (event.event) {
    case 'request':
      return toRequestRecord(time, event.trajectory)
    case 'step': {
      const { connectionId, rule, node, kind, name, branch, micros } = event
      return { event: 'step', time, connection_id: connectionId, rule, node, kind, name, branch, micros }
    }
    default:
      return toConnectionRecord(time, event)
  }
}

function toRequestRecord(time: string, trajectory: Trajectory): RequestRecord {
  return {
    event: 'request',
    time,
    connection_id: trajectory.connectionId,
    entry: trajectory.entry,
    rule: trajectory.rule ?? null,
    method: trajectory.method,
    target: trajectory.target,
    status: trajectory.status ?? null,
    outcome: trajectory.outcome,
    duration_ms: toThousandths(trajectory.durationMs),
    bytes_in: trajectory.bytesIn,
    bytes_out: trajectory.bytesOut,
    error: trajectory.error ?? null,
    steps: trajectory.steps,
    steps_omitted: trajectory.stepsOmitted,
  }
}

function toConnectionRecord(time: string, event: ConnectionEvent): ConnectionRecord {
  const base = {
    event: event.event,
    time,
    connection_id: event.connectionId ?? null,
    entry: event.entry ?? null,
    peer: event.peer ?? null,
  }
  switch (event.event) {
    case 'upgrade':
      return { ...base, protocol: event.protocol }
    case 'terminate':
      return {
        ...base,
        duration_ms: toThousandths(event.durationMs),
        requests: event.requests,
        bytes_in: event.bytesIn,
        bytes_out: event.bytesOut,
        ...(event.forwarded === undefined
          ? {}
          : { rule: event.forwarded.rule ?? null, upstream: event.forwarded.upstream }),
      }
    case 'error':
      return { ...base, error: event.error }
    case 'security_limit':
      return { ...base, limit: event.limit }
  }
}

function toThousandths(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
