import type { SourceSpan } from '../diagnostics/diagnostic.ts'
import type { ListenSpec } from './listen-spec.ts'
import type { ProxyTimeouts, SynthSpec, UpstreamAddress } from './types.ts'

/** A preset as written in a rule file: shorthand for one or more rules. */
export type PresetUse = ReverseProxyPreset | StaticSitePreset

interface PresetBase {
  readonly name: string
  readonly listen: readonly ListenSpec[]
  /** Of `name`. */
  readonly source: SourceSpan
  /** Of `args`. */
  readonly argsSource: SourceSpan
}

/** Everything on a listener goes to one upstream. */
export interface ReverseProxyPreset extends PresetBase {
  readonly preset: 'reverse_proxy'
  readonly args: {
    readonly upstream: UpstreamAddress
    /** Whether the client's address is passed on, trusting private and loopback peers; default true. */
    readonly forwardClientIp: boolean
    readonly timeouts: ProxyTimeouts
  }
}

/** Every request gets the same answer. */
export interface StaticSitePreset extends PresetBase {
  readonly preset: 'static_site'
  readonly args: SynthSpec
}

/** The preset words that exist; those in `NOT_YET_PRESETS` are not run by this version. */
export const PRESET_NAMES: readonly PresetUse['preset'][] = ['reverse_proxy', 'static_site']

/** Presets of the language without a runtime in this version. */
export const NOT_YET_PRESETS: readonly string[] = ['redirect_https', 'port_forward']
