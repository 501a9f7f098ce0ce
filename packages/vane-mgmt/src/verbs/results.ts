import type { FlowVerbosity } from 'vane-core'

/** Answer to `ping`. */
export interface PingResult {
  readonly version: string
  readonly pid: number
  /** Milliseconds since the daemon began. */
  readonly uptime_ms: number
  readonly state: DaemonState
}

/** What the daemon is about. */
export type DaemonState = 'serving' | 'draining'

/** Answer to `stats`. */
export interface StatsResult extends PingResult {
  readonly config: { readonly dir: string; readonly version_hash: string }
  readonly features: readonly FeatureStatus[]
  readonly listeners: readonly ListenerResult[]
  readonly connections: { readonly active: number; readonly total: number }
  readonly requests: {
    readonly active: number
    /** Requests that have become tunnels, and are open; they are not active any more. */
    readonly tunnels: number
    readonly total: number
    /** Requests whose client went away first. */
    readonly canceled: number
    /** Keyed `2xx` to `5xx`. */
    readonly by_status: Readonly<Record<string, number>>
  }
  /** On client connections, framing included. */
  readonly bytes: { readonly in: number; readonly out: number }
  /** Failures by error kind, since the start. */
  readonly errors: Readonly<Record<string, number>>
  /** Plugin errors that were marked `internal`. */
  readonly plugin_anomalies: number
  /** Hits of security limits, by the limit's name. */
  readonly limit_hits: Readonly<Record<string, number>>
  /** Bytes of bodies that are read whole, in memory at this moment. */
  readonly buffered_bytes: number
  readonly upstreams: readonly UpstreamResult[]
  readonly flow_log: FlowLogResult
  readonly reloads: ReloadStats
}

/** The flow log of the daemon. */
export interface FlowLogResult {
  readonly verbosity: FlowVerbosity
  /** Entries since the start. */
  readonly entries: number
  /** Of `VANE_FLOW_LOG_FILE`; `null` where there is none. */
  readonly file: { readonly path: string; readonly written: number; readonly dropped: number } | null
}

/** One feature of the daemon. */
export interface FeatureStatus {
  readonly name: string
  readonly on: boolean
  /** Why it is off; `null` where it is on. */
  readonly reason: string | null
}

/** One listener of the running graph. */
export interface ListenerResult {
  readonly key: string
  readonly state: 'listening' | 'retrying' | 'failed' | 'draining'
  /** Where it really is bound. */
  readonly addresses: readonly string[]
  readonly error: string | null
}

/** Figures of one upstream. */
export interface UpstreamResult {
  /** `host:port` or `unix:/path`. */
  readonly upstream: string
  /** Connections that carry a request. */
  readonly active: number
  /** Connections that are kept for the next one. */
  readonly idle: number
  /** Connections that carry a tunnel: they are beside the others, whatever their number. */
  readonly tunnels: number
  /** Requests that wait for a connection. */
  readonly waiting: number
  /** Requests begun so far. */
  readonly requests: number
  readonly failures: number
  /** Times that a request was sent again: a kept connection had died, or its rule has it repeated. */
  readonly retries: number
  /** What its name stood for last; none of an upstream without a name, and before the first connection. */
  readonly addresses: readonly string[]
  /** Questions for its name that came to nothing so far. */
  readonly unresolved: number
}

/** Answer to `get_upstreams`: each way to an upstream that rules in force name, or that requests or tunnels are still on. */
export interface UpstreamsResult {
  readonly upstreams: readonly UpstreamResult[]
}

/** Answer to `pool_drain`. */
export interface PoolDrainResult {
  readonly upstream: string
  /** Connections that no request was on, and that have been closed. */
  readonly closed: number
}

/** What came of reloads since the start. */
export interface ReloadStats {
  readonly swapped: number
  readonly unchanged: number
  readonly failed: number
  readonly last: LastReload | null
}

/** The most recent reload. */
export interface LastReload {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly cause: ReloadCause
  readonly status: 'swapped' | 'unchanged' | 'failed'
  readonly duration_ms: number
  /** Why it failed; `null` where it did not. */
  readonly error: string | null
}

/** What asked for a reload. */
export type ReloadCause = 'signal' | 'verb' | 'watch'

/** Answer to `get_pools`. */
export interface PoolsResult {
  /** Empty where the `wasm` feature is off. */
  readonly wasm: readonly WasmPoolResult[]
  /** One for each plugin that has called `http-fetch`. */
  readonly fetches: readonly WasmFetchResult[]
  /** `null` where the `cgi` feature is off. */
  readonly cgi: CgiPoolResult | null
}

/** Places for CGI programs. */
export interface CgiPoolResult {
  /** Programs that may run at once. */
  readonly capacity: number
  readonly available: number
  readonly in_use: number
  /** Programs started so far. */
  readonly total: number
  /** Requests answered with 503 because all places were taken. */
  readonly refused: number
}

/** One pool of plugin instances. */
export interface WasmPoolResult {
  readonly kind: 'stateful' | 'stateless'
  /** Path of the plugin's file. */
  readonly key: string
  readonly export: string
  readonly capacity: number
  readonly available: number
  readonly in_use: number
  readonly total_allocations: number
  readonly failures: number
}

/** What came of one plugin's calls of `http-fetch` since the daemon began. */
export interface WasmFetchResult {
  /** Path of the plugin's file. */
  readonly key: string
  readonly in_flight: number
  /** Calls that got a response, whatever its status. */
  readonly ok: number
  /** Calls that failed, by the error that the plugin was told; none is left out. */
  readonly errors: Readonly<Record<string, number>>
  /** Calls outside the contract, which ended as traps. */
  readonly traps: number
  /** Hops that responses led to and that the policy allowed. */
  readonly redirects: number
}

/** Answer to `set_flow_verbosity`: what it is now. */
export interface FlowVerbosityResult {
  readonly verbosity: FlowVerbosity
}

/** Answer to `get_config`: what the daemon is serving, not what is on disk. */
export interface ConfigResult {
  readonly dir: string
  readonly version_hash: string
  readonly source_files: readonly string[]
  readonly listeners: readonly { readonly key: string; readonly kind: string; readonly rules: readonly string[] }[]
}

/** Answer to `reload`. A failure is an error of code `reload_failed` with {@link ReloadFailure} as its data. */
export interface ReloadResult {
  readonly status: 'swapped' | 'unchanged'
  readonly version_hash: string
  readonly duration_ms: number
  /** Warnings of the new configuration, one text each. */
  readonly warnings: readonly string[]
}

/** Data of a `reload_failed` error. */
export interface ReloadFailure {
  /** For people: every problem with its place and the line it is in. */
  readonly report: string
  /** For programs: the same, as `Diagnostic`s. */
  readonly diagnostics: readonly unknown[]
}

/** Answer to `shutdown`, given before the daemon begins to drain. */
export interface ShutdownResult {
  /** Seconds that requests in flight have before they are cut. */
  readonly timeout_secs: number
}
