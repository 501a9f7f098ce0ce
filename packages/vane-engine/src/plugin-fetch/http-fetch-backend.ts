import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'

import {
  NetError,
  type HttpFetchBackend,
  type HttpFetchLimits,
  type HttpFetchRequest,
  type HttpFetchResponse,
} from 'vane-core'

import { FetchPools } from './fetch-pools.ts'
import { nextHop, type Hop } from './redirect.ts'
import { toNetError } from './to-net-error.ts'

/** A backend that keeps connections between calls until it is closed. */
export interface ClosableHttpFetchBackend extends HttpFetchBackend {
  /** Ends it: calls in flight fail, kept connections go. */
  close(): Promise<void>
}

/** Where names are resolved: the system's resolver unless something else is given. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

/** Fields that are the client's own, or would name another host than the one that was checked. */
const DROPPED_FIELDS: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What a timer takes; a longer time would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Creates the backend that makes plugins' requests with undici. The caller closes it. */
export function createHttpFetchBackend(options: { readonly resolve?: ResolveHost } = {}): ClosableHttpFetchBackend {
  const resolve = options.resolve ?? resolveWithSystem
  const pools = new FetchPools()
  return {
    fetch: (request, limits, signal) => fetchFollowing(request, { limits, signal, pools, resolve }),
    close: () => pools.close(),
  }
}

interface Call {
  readonly limits: HttpFetchLimits
  readonly signal: AbortSignal
  readonly pools: FetchPools
  readonly resolve: ResolveHost
}

async function fetchFollowing(request: HttpFetchRequest, call: Call): Promise<HttpFetchResponse> {
  const { limits } = call
  if (request.body.length > limits.maxBodyBytes) throw new NetError({ tag: 'body-too-large' })
  const timeout =
    limits.timeoutMs === undefined ? undefined : AbortSignal.timeout(Math.min(limits.timeoutMs, MAX_TIMER_MS))
  const signal = timeout === undefined ? call.signal : AbortSignal.any([call.signal, timeout])
  let hop: Hop = {
    url: new URL(request.url),
    method: request.method,
    headers: request.headers.filter(([name]) => !DROPPED_FIELDS.has(name.toLowerCase())),
    body: request.body,
  }
  try {
    for (let followed = 0; ; followed++) {
      const response = await fetchOnce(hop, { ...call, signal })
      const next = limits.followRedirects === 0 ? undefined : nextHop(hop, response)
      if (next === undefined) return response
      if (followed >= limits.followRedirects) {
        throw new NetError({ tag: 'internal', val: `more than ${limits.followRedirects} redirects` })
      }
      hop = next
    }
  } catch (error) {
    if (timeout?.aborted === true) throw new NetError({ tag: 'timeout' }, { cause: error })
    throw toNetError(error)
  }
}

async function fetchOnce(hop: Hop, { limits, signal, pools, resolve }: Call): Promise<HttpFetchResponse> {
  const refusal = limits.checkUrl?.(hop.url)
  if (refusal !== undefined) throw new NetError({ tag: 'not-allowed', val: refusal })
  const address = await untilAborted(chooseAddress(hop.url, limits, resolve), signal)
  const pool = pools.get({ url: hop.url, address, allowInsecure: limits.allowInsecure })
  const response = await pool.request({
    method: hop.method,
    path: hop.url.pathname + hop.url.search,
    headers: hop.headers.flat(),
    body: hop.body.length === 0 ? null : hop.body,
    signal,
    responseHeaders: 'raw',
  })
  // With `raw` undici answers name and value in turn, whatever its types say.
  const raw = response.headers as unknown as readonly (string | Buffer)[]
  const headers: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([String(raw[i]).toLowerCase(), String(raw[i + 1])])
  return { status: response.statusCode, headers, body: await readBody(response.body, headers, limits.maxBodyBytes) }
}

/** A resolver knows no signal: its answer is waited for no longer than anybody wants it. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** The one address the connection will go to: checked here, and used as it is. */
async function chooseAddress(url: URL, limits: HttpFetchLimits, resolve: ResolveHost): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(host) === 0 ? await resolve(host) : [host]
  let refusal = 'the name has no address'
  for (const address of addresses) {
    const reason = limits.checkAddress?.(url, address)
    if (reason === undefined) return address
    refusal = reason
  }
  if (addresses.length === 0) throw new NetError({ tag: 'dns-failure', val: refusal })
  throw new NetError({ tag: 'not-allowed', val: refusal })
}

async function resolveWithSystem(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

async function readBody(
  body: Readable,
  headers: readonly (readonly [string, string])[],
  maxBytes: number,
): Promise<Uint8Array> {
  const tooLarge = (): NetError => new NetError({ tag: 'body-too-large' })
  const declared = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? 0)
  if (declared > maxBytes) {
    // Destroying it early is an error of its own to undici, with nobody left to hear it.
    body.on('error', () => {})
    body.destroy()
    throw tooLarge()
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop by a throw destroys the body, and with it the connection.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes)
}
