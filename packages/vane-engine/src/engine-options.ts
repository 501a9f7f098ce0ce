import type { Logger, Trajectory, WasmRuntime } from 'vane-core'
import type { CgiRuntime } from './fetch/cgi/cgi-runtime.ts'
import type { FlowLog } from './observe/flow-log.ts'

/** How listeners bind. */
export interface BindOptions {
  /** Whether `:port` binds IPv4; default true. */
  readonly ipv4: boolean
  /** Whether `:port` binds IPv6; default true. A machine without IPv6 is no failure. */
  readonly ipv6: boolean
  /** Attempts per socket before its listener is reported as failed; default 10. */
  readonly maxAttempts: number
  /** Wait after the first failed attempt, doubled after each further one; default 100. */
  readonly backoffInitialMs: number
  /** Longest wait between attempts; default 5000. */
  readonly backoffMaxMs: number
  /** How long `start` waits for the first listener before it gives up; default 60000. */
  readonly deadlineMs: number
}

/** What peers may use. */
export interface EngineLimits {
  /** Request line and header fields together; over: 431. Default 65536. */
  readonly maxHeaderBytes: number
  /** Header fields of a request; over: 431. Default 100. */
  readonly maxHeadersCount: number
  /** From a request's first byte to the end of its head, and for the first one from the connection's beginning; over: 408. Default 30000. */
  readonly headerTimeoutMs: number
  /** Longest pause within a request body; over: 408. Default 30000. */
  readonly bodyIdleTimeoutMs: number
  /** How long a kept-alive connection may wait for its next request; default 75000. */
  readonly keepAliveTimeoutMs: number
  /** How long a client may take nothing of a response that waits for it; default 60000. */
  readonly writeStallTimeoutMs: number
  /** Open client connections of the engine; further ones are reset at accept. Default 65536. */
  readonly maxTotalConns: number
  /** Open connections of one address; further ones are reset at accept. Default 100. */
  readonly maxConnPerIp: number
  /** TLS handshakes that one address may begin in a second; further ones are reset. Default 10. */
  readonly maxHandshakeRatePerIp: number
  /** TLS handshakes under way on all listeners; further ones are reset. Default 1000. */
  readonly maxPendingHandshakes: number
  /** Whether loopback and Unix-socket peers are free of the limits per address; default true. */
  readonly exemptLoopback: boolean
  /** Open HTTP/2 streams of a connection; further ones are refused. Default 100. */
  readonly maxStreamsPerConn: number
  /** Requests that an HTTP/2 connection may begin in a second; over: GOAWAY. Default 1000. */
  readonly maxRequestRatePerConn: number
  /** Bytes of bodies that are read whole and in memory, of all requests; a further one is answered with 503. Default 268435456. */
  readonly maxBufferedBytes: number
  /** The same, of the requests of one address. Default 67108864. */
  readonly maxBufferedBytesPerIp: number
  /** How long connections of a listener that a reload removed may finish; default 30000. */
  readonly drainTimeoutMs: number
}

/** What an engine is made of; everything has a default. */
export interface EngineOptions {
  readonly logger?: Logger
  /** Runs plugins. Without it a graph that names one does not link. The caller closes it, after the engine. */
  readonly wasm?: WasmRuntime
  /** Runs CGI programs. Without it a graph that has one does not link. */
  readonly cgi?: CgiRuntime
  /** Folder that the relative file names of rules stand in; default: the working directory. */
  readonly configDir?: string
  /** What the proxy calls itself in `Via` of the messages it passes on, a token; default: it adds none. */
  readonly via?: string
  readonly bind?: Partial<BindOptions>
  readonly limits?: Partial<EngineLimits>
  /** Gets what happens on connections and requests. Several engines may have one together. */
  readonly flowLog?: FlowLog
  /** Hears of every request once it is over. Without it, and without a flow log, nothing is recorded. It must not throw. */
  readonly onTrajectory?: (trajectory: Trajectory) => void
}

/** Binding where an operator says nothing else. */
export const DEFAULT_BIND_OPTIONS: BindOptions = {
  ipv4: true,
  ipv6: true,
  maxAttempts: 10,
  backoffInitialMs: 100,
  backoffMaxMs: 5_000,
  deadlineMs: 60_000,
}

/** Limits where an operator says nothing else. */
export const DEFAULT_ENGINE_LIMITS: EngineLimits = {
  maxHeaderBytes: 65_536,
  maxHeadersCount: 100,
  headerTimeoutMs: 30_000,
  bodyIdleTimeoutMs: 30_000,
  keepAliveTimeoutMs: 75_000,
  writeStallTimeoutMs: 60_000,
  maxTotalConns: 65_536,
  maxConnPerIp: 100,
  maxHandshakeRatePerIp: 10,
  maxPendingHandshakes: 1_000,
  exemptLoopback: true,
  maxStreamsPerConn: 100,
  maxRequestRatePerConn: 1_000,
  maxBufferedBytes: 268_435_456,
  maxBufferedBytesPerIp: 67_108_864,
  drainTimeoutMs: 30_000,
}
