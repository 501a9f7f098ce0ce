import type { ConfigResult, PingResult, PoolsResult, ReloadResult, ShutdownResult, StatsResult } from './results.ts'

/** Arguments and answer of each verb. */
export interface VerbTypes {
  readonly ping: { readonly args: NoArgs; readonly result: PingResult }
  readonly stats: { readonly args: NoArgs; readonly result: StatsResult }
  readonly get_pools: { readonly args: NoArgs; readonly result: PoolsResult }
  readonly get_config: { readonly args: NoArgs; readonly result: ConfigResult }
  readonly reload: { readonly args: NoArgs; readonly result: ReloadResult }
  readonly shutdown: { readonly args: ShutdownArgs; readonly result: ShutdownResult }
}

/** Arguments of a verb that takes none. */
export type NoArgs = Readonly<Record<string, never>>

/** Arguments of `shutdown`. */
export interface ShutdownArgs {
  readonly timeout_secs?: number
}

/** Name of a verb. */
export type VerbName = keyof VerbTypes

/** What one argument of a verb may be. */
export interface ArgSpec {
  readonly type: 'integer'
  readonly min: number
  readonly max: number
  readonly required: boolean
  readonly summary: string
}

/** One verb, as data: what help texts, validation and time limits are made of. */
export interface VerbSpec {
  readonly summary: string
  readonly args: Readonly<Record<string, ArgSpec>>
  /** How long a client waits for the answer, milliseconds. */
  readonly timeoutMs: number
}

/** Every verb the daemon answers. */
export const VERBS: Readonly<Record<VerbName, VerbSpec>> = {
  ping: { summary: 'whether the daemon answers, and which version it is', args: {}, timeoutMs: 5_000 },
  stats: { summary: 'listeners, connections, requests, errors, upstreams, reloads', args: {}, timeoutMs: 5_000 },
  get_pools: { summary: 'pools of plugin instances', args: {}, timeoutMs: 5_000 },
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
}

/** Whether there is such a verb. */
export function isVerbName(name: string): name is VerbName {
  // `hasOwn`, so that "constructor" and its kin are no verbs.
  return Object.hasOwn(VERBS, name)
}
