import type {
  L4BytesDecision,
  L4BytesInput,
  L4PeekDecision,
  L4PeekInput,
  L7RequestDecision,
  L7RequestInput,
  L7ResponseDecision,
  L7ResponseInput,
  Metadata,
  MiddlewareKind,
} from 'vane-plugin-sdk'
import type { HttpFetchResponse, LogLevel, NetError } from 'vane-plugin-sdk/host'

/** An implementation of the contract, as the cases see it. Whoever wants it checked writes one; some 80 lines. */
export interface Host {
  /** Loads a component as a plugin of its own, whatever was loaded before. */
  load(component: Uint8Array, setup: PluginSetup): Promise<Loaded | Refused>
  /**
   * CPU time in milliseconds that whatever answers calls has used so far: the thread's, where calls are made in process. Cases
   * compare two readings; what the wall's clock says depends on who else is on the machine.
   */
  cpuTimeMs(): number
}

/** What the operator says of one plugin, and what the world answers it. */
export interface PluginSetup {
  readonly limits?: PluginSetupLimits
  /** As in `policy.json`; without one, nothing may be fetched. */
  readonly policy?: PluginSetupPolicy
  /**
   * Answers fetches in place of a network, after the host has applied the policy. Rejects with the signal's reason once the
   * signal aborts, if it has not answered by then.
   */
  readonly fetch?: (fetch: FetchAsked) => Promise<FetchAnswered>
}

/** The limits of one plugin; what is absent is the contract's default. */
export interface PluginSetupLimits {
  readonly cpuMsPerCall?: number
  readonly memoryMb?: number
  readonly pool?: number
  readonly maxInFlightFetches?: number
  readonly maxMetricSeries?: number
  readonly maxBodyBytes?: number
}

/** The keys of one plugin's entry in `policy.json`. */
export interface PluginSetupPolicy {
  readonly allow_insecure?: boolean
  readonly allowed_hosts?: readonly string[]
  readonly allow_private_addresses?: boolean
  readonly max_body_size?: number
  readonly default_timeout_ms?: number
  readonly default_follow_redirects?: number
}

/** What the host asks of the network. */
export interface FetchAsked {
  readonly request: {
    readonly method: string
    readonly url: string
    readonly headers: readonly (readonly [name: string, value: string])[]
    readonly body: Uint8Array
  }
  readonly limits: {
    readonly maxBodyBytes: number
    readonly timeoutMs: number
    readonly followRedirects: number
    /** Whether a certificate that is not valid is to be accepted. */
    readonly allowInsecure: boolean
  }
  /** Why the policy does not allow this URL, be it the request's or a redirect's; undefined if it does. */
  readonly checkUrl: (url: string) => string | undefined
  /** Why the policy does not allow a connection to this address for that URL. */
  readonly checkAddress: (url: string, address: string) => string | undefined
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** What the network answers. */
export type FetchAnswered = { tag: 'ok'; val: HttpFetchResponse } | { tag: 'err'; val: NetError }

/** The component is none that this host calls. */
export interface Refused {
  readonly tag: 'refused'
  readonly reason: string
}

/** A plugin that can be called. */
export interface Loaded {
  readonly tag: 'loaded'
  readonly metadata: Metadata
  /** Makes a call site ready. Two with the same arguments are two. */
  open(exportName: string, argsJson: string): Promise<CallSite>
  /** Lines that have been logged on the plugin's behalf: its own, and the host's warnings about it. */
  readonly logs: readonly LoggedLine[]
  /** Reports that have passed the host's checks. */
  readonly metrics: readonly ReportedMetric[]
  /** Ends it with all its call sites. */
  close(): Promise<void>
}

/** A line of the log. */
export interface LoggedLine {
  readonly level: LogLevel
  readonly message: string
  /** The plugin's own fields. */
  readonly fields: Readonly<Record<string, string>>
}

/** A counter's or a gauge's report. */
export interface ReportedMetric {
  readonly kind: 'counter' | 'gauge'
  readonly name: string
  readonly value: bigint
  readonly labels: readonly { readonly key: string; readonly value: string }[]
}

/** A place that calls one export. */
export interface CallSite {
  /** Never rejects. `signal` aborts when the client goes away. */
  call<K extends MiddlewareKind>(kind: K, input: Inputs[K], signal?: AbortSignal): Promise<Outcome<K>>
}

/** The input of each kind. */
export interface Inputs {
  'l4-peek': L4PeekInput
  'l4-bytes': L4BytesInput
  'l7-request': L7RequestInput
  'l7-response': L7ResponseInput
}

/** The decision of each kind. */
export interface Decisions {
  'l4-peek': L4PeekDecision
  'l4-bytes': L4BytesDecision
  'l7-request': L7RequestDecision
  'l7-response': L7ResponseDecision
}

/** How a call ended. */
export type Outcome<K extends MiddlewareKind = MiddlewareKind> =
  | { readonly tag: 'decision'; readonly decision: Decisions[K] }
  /** The plugin's own `plugin-error`. */
  | { readonly tag: 'error'; readonly code: string; readonly message: string; readonly hint?: string }
  | Trap
  /** No instance was free. */
  | { readonly tag: 'exhausted' }

/** The call broke the contract or a limit. */
export interface Trap {
  readonly tag: 'trap'
  readonly reason: string
  /** What ended it, where the host can tell; a case then checks that it was ended by what it tries. */
  readonly cause?: TrapCause
}

/**
 * What ends a call: an instruction of the guest's own (`guest`), CPU time, the end of the stack, a value that does not decode, or a
 * decision or an argument outside of the contract (`contract`).
 */
export type TrapCause = 'guest' | 'cpu' | 'stack' | 'value' | 'contract'
