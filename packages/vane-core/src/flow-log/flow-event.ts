import type { StepBranch, Trajectory } from './trajectory.ts'

/** One entry of the flow log. */
export type FlowEvent = RequestEvent | StepEvent | ConnectionEvent

/** A request is over. */
export interface RequestEvent {
  readonly event: 'request'
  /** When it was over: wall clock, Unix milliseconds. */
  readonly unixMs: number
  readonly trajectory: Trajectory
}

/** A request has left a node; only with verbosity `debug`. */
export interface StepEvent {
  readonly event: 'step'
  readonly unixMs: number
  readonly connectionId: string
  /** Of the node; `null` where several rules share it. */
  readonly rule: string | null
  readonly node: number
  readonly kind: string
  /** Middleware or fetch that the node runs; empty for others. */
  readonly name: string
  readonly branch: StepBranch
  readonly micros: number
}

/** A milestone of a connection. */
export type ConnectionEvent = UpgradeEvent | TerminateEvent | ConnectionErrorEvent | SecurityLimitEvent

/** What milestones have in common. */
export interface ConnectionEventBase {
  readonly unixMs: number
  /** `undefined` where there was no connection yet. */
  readonly connectionId: string | undefined
  /** Listener address; `undefined` where it is not known. */
  readonly entry: string | undefined
  /** Address of the peer; `undefined` on a Unix socket. */
  readonly peer: string | undefined
}

/** Bytes have become HTTP. */
export interface UpgradeEvent extends ConnectionEventBase {
  readonly event: 'upgrade'
  readonly protocol: string
}

/** A connection has closed. */
export interface TerminateEvent extends ConnectionEventBase {
  readonly event: 'terminate'
  /** Since it was accepted. */
  readonly durationMs: number
  readonly requests: number
  /** Who carried its bytes to where, unless they became HTTP. */
  readonly forwarded: ForwardedTo | undefined
  /** Framing included. */
  readonly bytesIn: number
  readonly bytesOut: number
}

/** What a connection's bytes are carried by, and to. */
export interface ForwardedTo {
  /** `undefined` where several rules share the upstream. */
  readonly rule: string | undefined
  /** As in the rule. */
  readonly upstream: string
}

/** Something went wrong on a connection before there was a request to blame. */
export interface ConnectionErrorEvent extends ConnectionEventBase {
  readonly event: 'error'
  readonly error: string
}

/** A limit of the security floor was hit. Like the log, at most once in a second for each limit and address. */
export interface SecurityLimitEvent extends ConnectionEventBase {
  readonly event: 'security_limit'
  readonly limit: string
}

/** How much the flow log holds: with `debug` also every step, as it is taken. */
export type FlowVerbosity = (typeof FLOW_VERBOSITIES)[number]

/** Every {@link FlowVerbosity}. */
export const FLOW_VERBOSITIES = ['normal', 'debug'] as const
