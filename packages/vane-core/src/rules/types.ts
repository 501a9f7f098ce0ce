import type { Predicate } from '../predicate/types.ts'
import type { SourceSpan } from '../diagnostics/diagnostic.ts'
import type { SourceText } from '../diagnostics/source-text.ts'
import type { JsonNode } from '../schema/json-node.ts'
import type { ListenSpec } from './listen-spec.ts'
import type { PresetUse } from './presets.ts'

/** JSON as parsed; what a middleware or plugin gets as arguments. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A rule after parsing: everything in it is well-formed by itself. */
export interface Rule {
  readonly name: string
  readonly listen: readonly ListenSpec[]
  /** All must hold; empty matches always. */
  readonly match: readonly Predicate[]
  /** Higher first; default 0. */
  readonly priority: number
  readonly middlewareChain: readonly MiddlewareUse[]
  readonly terminate: Terminate
  /** Bytes a request's body may be when it must be buffered; default 8 MiB. */
  readonly maxBodyBytesRequest: number
  /** Bytes a response's body may be when it must be buffered; default 8 MiB. */
  readonly maxBodyBytesResponse: number
  /** Of `name`. */
  readonly source: SourceSpan
  /** Of `terminate`. */
  readonly terminateSource: SourceSpan
}

/** One step of a rule's chain. */
export interface MiddlewareUse {
  /** A built-in name, or `<stem>:<export>` for a plugin. */
  readonly use: string
  readonly args: Json
  /** What a failure turns into; absent: 500 on L7, reset on L4. */
  readonly onError: OnError | undefined
  /** Of `use`. */
  readonly source: SourceSpan
  /** `args` as written, for whoever checks them; absent where none were written or a preset wrote them. */
  readonly argsNode?: JsonNode
}

/** What a middleware's failure turns into. */
export type OnError = { readonly kind: 'close' } | { readonly kind: 'response'; readonly response: SynthSpec }

/** A response written in a rule. */
export interface SynthSpec {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** How a matching connection or request ends. */
export type Terminate = HttpProxyTerminate | StaticTerminate | CloseTerminate

/** Forwards to an HTTP upstream. */
export interface HttpProxyTerminate {
  readonly type: 'http_proxy'
  readonly upstream: UpstreamAddress
  /** HTTP version spoken to the upstream; `auto` is HTTP/1.1 as long as there is no other. */
  readonly version: 'auto' | 'h1'
  readonly timeouts: ProxyTimeouts
  /** `preserve` passes the client's `Host`, `upstream` names the upstream, anything else is the literal to send. */
  readonly host: string
}

/** Answers by itself. */
export interface StaticTerminate {
  readonly type: 'static'
  readonly response: SynthSpec
}

/** Drops the connection. */
export interface CloseTerminate {
  readonly type: 'close'
}

/** Where an upstream listens. IPv6 hosts are without brackets. */
export type UpstreamAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Milliseconds; `undefined` is unbounded. */
export interface ProxyTimeouts {
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleMs: number
  readonly totalMs: number | undefined
}

/** `connect` 5 s, `first_byte` and `idle` 60 s, no total. */
export const DEFAULT_PROXY_TIMEOUTS: ProxyTimeouts = {
  connectMs: 5_000,
  firstByteMs: 60_000,
  idleMs: 60_000,
  totalMs: undefined,
}

/** Bytes a body may be where it must be buffered and a rule says nothing else. */
export const DEFAULT_MAX_BODY_BYTES: number = 8 * 1024 * 1024

/** A rule file after parsing. */
export interface RuleFile {
  readonly path: string
  /** Place among the files; default 0. */
  readonly order: number
  /** Rules, and presets that will become rules. */
  readonly rules: readonly (Rule | PresetUse)[]
  readonly source: SourceText
}
