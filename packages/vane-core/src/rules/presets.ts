import type { SourceSpan } from '../diagnostics/diagnostic.ts'
import type { JsonNode } from '../schema/json-node.ts'
import type { ListenSpec } from './listen-spec.ts'
import type { Json, ListenerTls, ProxyTimeouts, SynthSpec, UpstreamAddress } from './types.ts'

/** A preset as written in a rule file: shorthand for one or more rules. */
export type PresetUse = ReverseProxyPreset | StaticSitePreset | RedirectHttpsPreset | PortForwardPreset

/** What all presets have. */
export interface PresetBase {
  readonly name: string
  readonly listen: readonly ListenSpec[]
  readonly tls: ListenerTls | undefined
  /** Of `name`. */
  readonly source: SourceSpan
  /** Of `args`. */
  readonly argsSource: SourceSpan
  /** Of `tls`, where there is one. */
  readonly tlsSource?: SourceSpan
}

/** Everything on a listener goes to one upstream. */
export interface ReverseProxyPreset extends PresetBase {
  readonly preset: 'reverse_proxy'
  readonly args: {
    readonly upstream: UpstreamAddress
    /** Paths (whole segments) on which WebSocket upgrades are passed on; `true`: all; `false`: none, the default. */
    readonly websocket: boolean | readonly string[]
    /** Whether the client's address is passed on, trusting private and loopback peers; default true. */
    readonly forwardClientIp: boolean
    /** Checked, and as written: they become the arguments of the middleware. */
    readonly rateLimit: { readonly args: Json; readonly argsNode: JsonNode; readonly source: SourceSpan } | undefined
    readonly timeouts: ProxyTimeouts
  }
}

/** Every request gets the same answer. */
export interface StaticSitePreset extends PresetBase {
  readonly preset: 'static_site'
  readonly args: SynthSpec
}

/** Every request is sent to HTTPS. */
export interface RedirectHttpsPreset extends PresetBase {
  readonly preset: 'redirect_https'
}

/** Every connection, or datagram, goes to one upstream. */
export interface PortForwardPreset extends PresetBase {
  readonly preset: 'port_forward'
  readonly args: { readonly upstream: UpstreamAddress; readonly transport: 'tcp' | 'udp' }
}

/** The preset words that exist. */
export const PRESET_NAMES: readonly PresetUse['preset'][] = [
  'reverse_proxy',
  'static_site',
  'redirect_https',
  'port_forward',
]
