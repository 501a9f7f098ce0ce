import type { HttpFetchResponse, KeyValue, LogLevel, NetError } from '../contract/host.ts'
import {
  getArgs,
  httpFetch as hostHttpFetch,
  log as hostLog,
  metricCounter,
  metricGauge,
  nowUnixMs as hostNowUnixMs,
  random as hostRandom,
} from './raw-host.ts'
import { encodeUtf8 } from './utf8.ts'

export type { HttpFetchResponse, LogLevel, NetError } from '../contract/host.ts'

/** Log fields or metric labels. */
export type Labels = Readonly<Record<string, string | number | bigint | boolean>>

/** The `args` of the rule that called the plugin. The host knows them to be JSON; their shape is the plugin's to check. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the author checks, in one place
export function args<Shape = Readonly<Record<string, unknown>>>(): Shape {
  return JSON.parse(getArgs()) as Shape
}

/** Writes a line to Vane's log; at most 100 a second per plugin. */
export function log(level: LogLevel, message: string, fields: Labels = {}): void {
  hostLog(level, message, toKeyValues(fields))
}

/** Milliseconds since 1970-01-01T00:00:00Z. */
export function nowUnixMs(): number {
  return hostNowUnixMs()
}

/** Bytes from the system's cryptographic generator; at most 65,536 a call. */
export function random(length: number): Uint8Array {
  return hostRandom(length)
}

/** Adds to the counter `vane_plugin_<name>`. */
export function counter(name: string, delta = 1, labels: Labels = {}): void {
  assertInteger(delta, 0)
  metricCounter(name, delta, toKeyValues(labels))
}

/** Sets the gauge `vane_plugin_<name>`. */
export function gauge(name: string, value: number, labels: Labels = {}): void {
  assertInteger(value, Number.MIN_SAFE_INTEGER)
  metricGauge(name, value, toKeyValues(labels))
}

/** What `httpFetch` takes besides the URL. */
export interface HttpFetchInit {
  /** Default `GET`. */
  method?: string
  headers?: readonly (readonly [name: string, value: string])[] | Readonly<Record<string, string>>
  /** Text is sent as UTF-8. */
  body?: string | Uint8Array
  /** Default: the policy's. */
  timeoutMs?: number
  /** 0 answers with the redirect itself. Default: the policy's. */
  followRedirects?: number
  /** False is honoured only where the policy says `allow_insecure`. */
  verifyTls?: boolean
}

/** Thrown by `httpFetch`; `reason.tag` says why. */
export class HttpFetchError extends Error {
  override readonly name: string = 'HttpFetchError'
  readonly reason: NetError

  constructor(reason: NetError) {
    super('val' in reason ? `${reason.tag}: ${reason.val}` : reason.tag)
    this.reason = reason
  }
}

/** Makes an HTTP request within the operator's policy for this plugin. Waits; throws `HttpFetchError`. */
export function httpFetch(url: string, init: HttpFetchInit = {}): HttpFetchResponse {
  const { method = 'GET', headers = [], body = '', timeoutMs, followRedirects, verifyTls } = init
  const pairs: Iterable<readonly [string, string]> = Symbol.iterator in headers ? headers : Object.entries(headers)
  try {
    return hostHttpFetch({
      method,
      url,
      headers: Array.from(pairs, ([name, value]): [string, string] => [name, value]),
      body: typeof body === 'string' ? encodeUtf8(body) : body,
      timeoutMs,
      followRedirects,
      verifyTls,
    })
  } catch (thrown) {
    // The toolchains wrap an err value in an error that has it as `payload`.
    const reason = typeof thrown === 'object' && thrown !== null && 'payload' in thrown ? thrown.payload : thrown
    throw isNetError(reason) ? new HttpFetchError(reason) : thrown
  }
}

function isNetError(reason: unknown): reason is NetError {
  return typeof reason === 'object' && reason !== null && 'tag' in reason
}

function toKeyValues(labels: Labels): KeyValue[] {
  return Object.entries(labels).map(([key, value]) => ({ key, value: String(value) }))
}

// What is no integer, or a bigint, stops the engine at the boundary with a trap that no plugin can catch.
function assertInteger(value: number, smallest: number): void {
  if (!Number.isSafeInteger(value) || value < smallest) {
    throw new RangeError(`a metric takes whole numbers from ${smallest} to 2^53 - 1, not ${String(value)}`)
  }
}
