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
  /** TLS termination that the rule brings to its listeners. */
  readonly tls: ListenerTls | undefined
  /** Bytes a request's body may be when it must be buffered; default 8 MiB. */
  readonly maxBodyBytesRequest: number
  /** Bytes a response's body may be when it must be buffered; default 8 MiB. */
  readonly maxBodyBytesResponse: number
  /** Of `name`. */
  readonly source: SourceSpan
  /** Of `terminate`. */
  readonly terminateSource: SourceSpan
  /** Of `tls`, where there is one. */
  readonly tlsSource?: SourceSpan
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
  /** Values may hold templates such as `${host}`; `parseTemplate` takes them apart. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Text, or base64 where `bodyEncoding` says so. */
  readonly body: string
  /** Only for bytes that are not UTF-8: whatever is text is kept as text, however it was written. */
  readonly bodyEncoding?: 'base64'
}

/** How a matching connection or request ends. */
export type Terminate =
  | HttpProxyTerminate
  | WebsocketTerminate
  | StaticTerminate
  | RedirectHttpsTerminate
  | TcpForwardTerminate
  | UdpForwardTerminate
  | CgiTerminate
  | CloseTerminate

/** What every way of speaking HTTP to an upstream has in common. */
export interface UpstreamOptions {
  readonly upstream: UpstreamAddress
  /** `undefined`: in clear. */
  readonly tls: UpstreamTls | undefined
  /** `undefined`: the system's resolver. */
  readonly dns: UpstreamDns | undefined
  readonly retry: RetryPolicy
  readonly timeouts: ProxyTimeouts
  /** `preserve` passes the client's `Host`, `upstream` names the upstream, anything else is the literal to send. */
  readonly host: string
}

/** Forwards to an HTTP upstream. */
export interface HttpProxyTerminate extends UpstreamOptions {
  readonly type: 'http_proxy'
  /** HTTP version spoken to the upstream. */
  readonly version: HttpProxyVersion
}

/** `auto` leaves the choice to the engine. */
export type HttpProxyVersion = 'auto' | 'h1' | 'h2' | 'h3'

/** Forwards an HTTP/1.1 upgrade: 101 becomes a tunnel of bytes, anything else is a response like others. */
export interface WebsocketTerminate extends UpstreamOptions {
  readonly type: 'websocket'
}

/** Answers by itself. */
export interface StaticTerminate {
  readonly type: 'static'
  readonly response: SynthSpec
}

/** 308 to `https://<host><uri>`. */
export interface RedirectHttpsTerminate {
  readonly type: 'redirect_https'
  /** Of the target; 443 is left out of the address. */
  readonly port: number
  /** Besides `location`; values may hold templates. */
  readonly headers: SynthSpec['headers']
}

/** Pipes the connection to an upstream. */
export interface TcpForwardTerminate {
  readonly type: 'tcp_forward'
  readonly upstream: UpstreamAddress
  readonly connectTimeoutMs: number
  /** `undefined`: none. */
  readonly idleTimeoutMs: number | undefined
}

/** Passes datagrams on, one session for each peer address. */
export interface UdpForwardTerminate {
  readonly type: 'udp_forward'
  /** Never a Unix socket. */
  readonly upstream: UpstreamAddress
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number
}

/** Runs a program for each request (RFC 3875). */
export interface CgiTerminate {
  readonly type: 'cgi'
  /** Absolute. */
  readonly binary: string
  /** Path under which the program is mounted, such as `/cgi-bin/app`; empty for the root. */
  readonly scriptName: string
  readonly workingDir: string | undefined
  readonly env: Readonly<Record<string, string>>
  /** Lower-case names of request headers that the program does not get to see. */
  readonly blockHeaders: readonly string[]
  readonly security: CgiSecurity
  readonly timeouts: ProxyTimeouts
  /** Bytes of a request's body at most; the compiler puts the rule's limit here. */
  readonly maxBodyBytes?: number
}

/** As whom a program runs, and how much it may use. */
export interface CgiSecurity {
  readonly uid: number
  readonly gid: number
  readonly limits: { readonly memoryMb: number; readonly cpuSeconds: number; readonly maxProcesses: number }
}

/** Drops the connection. */
export interface CloseTerminate {
  readonly type: 'close'
}

/** TLS spoken to an upstream. File names are as written, relative to the configuration directory unless absolute. */
export interface UpstreamTls {
  /** Name the certificate must carry; `undefined`: the upstream's. */
  readonly verifyHostname: string | undefined
  readonly insecureSkipVerify: boolean
  /** `undefined`: the system's roots. */
  readonly caFile: string | undefined
  readonly clientCert: { readonly certFile: string; readonly keyFile: string } | undefined
  /** Files of revocation lists. */
  readonly crls: readonly string[]
  /** `undefined`: the upstream's name. */
  readonly sni: string | undefined
}

/** How an upstream's name is resolved. */
export interface UpstreamDns {
  /** Addresses, with a port where it is not 53. */
  readonly nameservers: readonly string[]
}

/** When a failed request is tried again. One attempt is no retry. */
export interface RetryPolicy {
  readonly maxAttempts: number
  /** Upper case, without repeats, sorted. */
  readonly methods: readonly string[]
  readonly backoff: RetryBackoff
  readonly buffering: 'opportunistic' | 'force'
}

/** How long to wait before trying again. */
export type RetryBackoff =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly delayMs: number }
  | { readonly kind: 'exponential'; readonly baseMs: number; readonly maxMs: number; readonly jitter: boolean }

/** TLS termination on a listener: one certificate. File names as in {@link UpstreamTls}. */
export interface ListenerTls {
  /** Name, or `*.name`, that the certificate is for; `undefined`: the listener's default. */
  readonly sni: string | undefined
  readonly certificate: ListenerCertificate
  /** `undefined`: clients are not asked. */
  readonly clientAuth: ClientAuth | undefined
  /** File with an OCSP response to staple. */
  readonly ocspPath: string | undefined
  /** Whether OCSP responses are fetched from the issuer. */
  readonly ocspFetch: boolean
}

/** Where a certificate comes from: two files, or an ACME service. */
export type ListenerCertificate =
  | { readonly kind: 'files'; readonly certFile: string; readonly keyFile: string }
  | ManagedCertificate

/** A certificate that is ordered and renewed by itself (RFC 8555). */
export interface ManagedCertificate {
  readonly kind: 'managed'
  /** Names it is for; never empty. */
  readonly domains: readonly string[]
  /** Contact for the account. */
  readonly email: string | undefined
  readonly directoryUrl: string
  readonly challenge: 'http-01' | 'tls-alpn-01'
  readonly renewBeforeDays: number
}

/** What is asked of clients' certificates. */
export interface ClientAuth {
  readonly mode: 'none' | 'request' | 'require'
  /** `undefined` only with mode `none`. */
  readonly trustStore: TrustStore | undefined
}

/** Whom to believe. */
export interface TrustStore {
  readonly caPaths: readonly string[]
  readonly caDir: string | undefined
  readonly crls: readonly string[]
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

/** Milliseconds after which a session of datagrams without any is over. */
export const DEFAULT_UDP_IDLE_TIMEOUT_MS: number = 30_000

/** One attempt, and the methods that may be repeated where more are allowed. */
export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 1,
  methods: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT'],
  backoff: { kind: 'none' },
  buffering: 'opportunistic',
}

/** Bytes a body may be where it must be buffered and a rule says nothing else. */
export const DEFAULT_MAX_BODY_BYTES: number = 8 * 1024 * 1024

/** What is left of an entry that cannot be used: enough to find out what else is wrong with it. */
export interface BrokenRule {
  readonly name: string | undefined
  readonly middlewareChain: readonly MiddlewareUse[]
  /** Of `name`, or of the entry. */
  readonly source: SourceSpan
}

/** A rule file after parsing. */
export interface RuleFile {
  readonly path: string
  /** Place among the files; default 0. */
  readonly order: number
  /** Rules, and presets that will become rules. */
  readonly rules: readonly (Rule | PresetUse)[]
  /** Entries with problems. */
  readonly broken: readonly BrokenRule[]
  readonly source: SourceText
}
