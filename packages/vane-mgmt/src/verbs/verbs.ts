import { FLOW_VERBOSITIES, type FlowRecord, type FlowVerbosity } from 'vane-core'
import type {
  ConfigResult,
  FlowVerbosityResult,
  PingResult,
  PoolDrainResult,
  PoolsResult,
  ReloadResult,
  ShutdownResult,
  StatsResult,
  UpstreamsResult,
} from './results.ts'

/** Arguments and answer of each verb. */
export interface VerbTypes {
  readonly ping: { readonly args: NoArgs; readonly result: PingResult }
  readonly stats: { readonly args: NoArgs; readonly result: StatsResult }
  readonly get_pools: { readonly args: NoArgs; readonly result: PoolsResult }
  readonly get_upstreams: { readonly args: NoArgs; readonly result: UpstreamsResult }
  readonly pool_drain: { readonly args: PoolDrainArgs; readonly result: PoolDrainResult }
  readonly get_config: { readonly args: NoArgs; readonly result: ConfigResult }
  readonly reload: { readonly args: NoArgs; readonly result: ReloadResult }
  readonly shutdown: { readonly args: ShutdownArgs; readonly result: ShutdownResult }
  readonly set_flow_verbosity: { readonly args: SetFlowVerbosityArgs; readonly result: FlowVerbosityResult }
}

/** Arguments of each verb that answers with a stream, and what the stream is made of. */
export interface StreamVerbTypes {
  readonly tail_flow: { readonly args: TailFlowArgs; readonly data: FlowRecord }
}

/** Arguments of a verb that takes none. */
export type NoArgs = Readonly<Record<string, never>>

/** Arguments of `shutdown`. */
export interface ShutdownArgs {
  readonly timeout_secs?: number
}

/** Arguments of `pool_drain`. */
export interface PoolDrainArgs {
  /** As `get_upstreams` names it. */
  readonly upstream: string
}

/** Arguments of `set_flow_verbosity`. */
export interface SetFlowVerbosityArgs {
  readonly verbosity: FlowVerbosity
}

/** Arguments of `tail_flow`: what is asked for must all hold. Those that speak of requests leave other entries out. */
export interface TailFlowArgs {
  /** Entries that are remembered to begin with, the last ones that fit. */
  readonly last?: number
  /** Whether to go on with what happens from now on; default true. */
  readonly follow?: boolean
  readonly event?: TailedEvent
  readonly connection_id?: string
  readonly rule?: string
  readonly method?: string
  /** Beginning of the target. */
  readonly target?: string
  /** A status, or a class of them such as `5xx`. */
  readonly status?: string
  readonly outcome?: TailedOutcome
  readonly min_duration_ms?: number
}

/** What `tail_flow` may be asked to tell alone. */
export type TailedEvent = (typeof TAILED_EVENTS)[number]

/** Every {@link TailedEvent}. */
export const TAILED_EVENTS = ['request', 'step', 'upgrade', 'terminate', 'error', 'security_limit'] as const

/** Outcomes that `tail_flow` may be asked for. */
export type TailedOutcome = (typeof TAILED_OUTCOMES)[number]

/** Every {@link TailedOutcome}. */
export const TAILED_OUTCOMES = ['response', 'tunnel', 'closed', 'failed', 'canceled'] as const

/** Name of a verb that answers once. */
export type VerbName = keyof VerbTypes

/** Name of a verb that answers with a stream. */
export type StreamVerbName = keyof StreamVerbTypes

/** What one argument of a verb may be. */
export type ArgSpec = ArgKind & { readonly required: boolean; readonly summary: string }

type ArgKind =
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
  /** A text of at most 256 characters that `pattern` describes, where there is one; `form` says it in words. */
  | { readonly type: 'text'; readonly pattern?: RegExp; readonly form: string }
  | { readonly type: 'word'; readonly words: readonly string[] }
  | { readonly type: 'switch' }

/** One verb, as data: what help texts, validation and time limits are made of. */
export interface VerbSpec {
  readonly summary: string
  readonly args: Readonly<Record<string, ArgSpec>>
  /** How long a client waits for the answer, milliseconds; of a stream it is the time to its first sign of life. */
  readonly timeoutMs: number
  readonly isStream?: boolean
}

const text = (form: string, pattern?: RegExp): ArgSpec => ({
  type: 'text',
  form,
  ...(pattern === undefined ? {} : { pattern }),
  required: false,
  summary: form,
})

/** Every verb the daemon answers. */
export const VERBS: Readonly<Record<VerbName | StreamVerbName, VerbSpec>> = {
  ping: { summary: 'whether the daemon answers, and which version it is', args: {}, timeoutMs: 5_000 },
  stats: { summary: 'listeners, connections, requests, errors, upstreams, reloads', args: {}, timeoutMs: 5_000 },
  get_pools: {
    summary: 'pools of plugin instances and what came of their fetches, places for CGI programs',
    args: {},
    timeoutMs: 5_000,
  },
  get_upstreams: { summary: 'connections to upstreams, and requests on them', args: {}, timeoutMs: 5_000 },
  pool_drain: {
    summary: 'close the kept connections of an upstream',
    args: { upstream: { ...text('an upstream as get_upstreams names it'), required: true } },
    timeoutMs: 5_000,
  },
  get_config: { summary: 'the configuration that is being served', args: {}, timeoutMs: 5_000 },
  reload: {
    summary: 'read the configuration again and swap it in',
    args: {},
    // Plugins that are new to the daemon are transpiled first: seconds each.
    timeoutMs: 120_000,
  },
  shutdown: {
    summary: 'stop accepting, finish what is in flight, end',
    args: {
      timeout_secs: {
        type: 'integer',
        min: 0,
        max: 86_400,
        required: false,
        summary: 'seconds that requests in flight have; 0 ends now; absent: VANE_DRAIN_TIMEOUT_SECS',
      },
    },
    timeoutMs: 5_000,
  },
  set_flow_verbosity: {
    summary: 'how much the flow log holds',
    args: {
      verbosity: { type: 'word', words: FLOW_VERBOSITIES, required: true, summary: 'normal, or debug for every step' },
    },
    timeoutMs: 5_000,
  },
  tail_flow: {
    summary: 'what happens on connections and requests, as it happens',
    args: {
      last: { type: 'integer', min: 0, max: 10_000, required: false, summary: 'remembered entries to begin with' },
      follow: { type: 'switch', required: false, summary: 'whether to go on with what happens from now on' },
      event: { type: 'word', words: TAILED_EVENTS, required: false, summary: 'only this kind of entry' },
      connection_id: text('16 hex digits', /^[0-9a-f]{16}$/),
      rule: text('the name of a rule'),
      method: text('a method'),
      target: text('the beginning of a path'),
      status: text('a status such as 404, or a class such as 5xx', /^[1-5](?:\d\d|xx)$/),
      outcome: { type: 'word', words: TAILED_OUTCOMES, required: false, summary: 'how requests ended' },
      min_duration_ms: {
        type: 'integer',
        min: 0,
        max: 86_400_000,
        required: false,
        summary: 'requests that took so long',
      },
    },
    timeoutMs: 5_000,
    isStream: true,
  },
}

/** Whether there is such a verb. */
export function isVerbName(name: string): name is VerbName | StreamVerbName {
  // `hasOwn`, so that "constructor" and its kin are no verbs.
  return Object.hasOwn(VERBS, name)
}
