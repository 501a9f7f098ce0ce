import type { Option } from './values.ts'

/** How serious a log line is. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** A log field or a metric label. */
export interface KeyValue {
  key: string
  value: string
}

/** An HTTP request that the host makes on the plugin's behalf; see `host.wit`. */
export interface HttpFetchRequest {
  method: string
  url: string
  headers: [name: string, value: string][]
  body: Uint8Array
  timeoutMs?: Option<number>
  followRedirects?: Option<number>
  verifyTls?: Option<boolean>
}

/** The last answer, after redirects. */
export interface HttpFetchResponse {
  status: number
  headers: [name: string, value: string][]
  body: Uint8Array
}

/** Why a call had no answer. A `switch` needs a default: cases may be added. */
export type NetError =
  | { tag: 'dns-failure' | 'tls-error' | 'not-allowed' | 'internal'; val: string }
  | { tag: 'connection-refused' | 'timeout' | 'pool-exhausted' | 'body-too-large' | 'insecure-rejected' }

/**
 * The interface `vane:host/host` as componentize-qjs binds it: 64-bit integers are `number`s (a `bigint` kills the
 * instance), and a failed `httpFetch` throws an object whose `payload` is the `NetError`.
 */
export interface HostInterface {
  getArgs(): string
  log(level: LogLevel, message: string, fields: KeyValue[]): void
  nowUnixMs(): number
  random(bufLen: number): Uint8Array
  metricCounter(name: string, delta: number, labels: KeyValue[]): void
  metricGauge(name: string, value: number, labels: KeyValue[]): void
  httpFetch(req: HttpFetchRequest): HttpFetchResponse
}
