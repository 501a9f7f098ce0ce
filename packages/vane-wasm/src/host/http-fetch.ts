import { setImmediate as nextTurn } from 'node:timers/promises'

import {
  checkAddress,
  checkUrl,
  NetError,
  type HttpFetchBackend,
  type HttpFetchLimits,
  type NetErrorValue,
  type PluginHttpPolicy,
  type WasmFetchSummary,
} from 'vane-core'

import { FetchCounts, type FetchOutcome } from './fetch-counts.ts'
import { parseFetchRequest, type ParsedFetch } from './fetch-request.ts'

/** What a plugin's fetches go through. One for all instances of a plugin. */
export interface PluginFetcherOptions {
  readonly policy: PluginHttpPolicy
  /** Without one, every fetch that the policy allows fails with `internal`. */
  readonly backend: HttpFetchBackend | undefined
  readonly maxInFlight: number
}

/** Whom a fetch is for. */
export interface FetchCaller {
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal | undefined
  /** Told of each hop that a response leads to, and why the policy does not allow it. */
  readonly onRedirect: (url: URL, refusal: string | undefined) => void
}

// setTimeout takes 31 bits; a longer time would fire at once.
const MAX_TIMER_MS = 2 ** 31 - 1

/** Makes a plugin's outgoing requests within the operator's policy. */
export class PluginFetcher {
  #options: PluginFetcherOptions
  readonly #closed: AbortController = new AbortController()
  readonly #counts: FetchCounts = new FetchCounts()
  #begun: number = 0
  #inFlight: number = 0

  constructor(options: PluginFetcherOptions) {
    this.#options = options
  }

  /**
   * @param argument the lifted `http-fetch-request`.
   * @param caller whom the answer is for.
   */
  async fetch(argument: unknown, caller: FetchCaller): Promise<FetchOutcome> {
    this.#begun++
    const outcome = await this.#fetch(argument, caller)
    this.#counts.add(outcome)
    // A plugin that asks over and over has to let everybody's turn come, however soon it is answered or refused.
    await nextTurn()
    return outcome
  }

  /** What came of all calls so far; nothing where there was none. */
  summary(): Omit<WasmFetchSummary, 'key'> | undefined {
    return this.#begun === 0 ? undefined : { inFlight: this.#inFlight, ...this.#counts.read() }
  }

  /** Puts another policy and another number of fetches at a time in force, for the fetches from now on. */
  configure(policy: PluginHttpPolicy, maxInFlight: number): void {
    this.#options = { ...this.#options, policy, maxInFlight }
  }

  /** Ends what is in flight; later fetches fail. */
  close(): void {
    this.#closed.abort()
  }

  async #fetch(argument: unknown, caller: FetchCaller): Promise<FetchOutcome> {
    const parsed = parseFetchRequest(argument)
    if (typeof parsed === 'string') return parsed
    const { policy, backend, maxInFlight } = this.#options
    const refusal = whyRefused(parsed, policy)
    if (refusal !== undefined) return new NetError(refusal)
    if (backend === undefined) return new NetError({ tag: 'internal', val: 'this host makes no requests for plugins' })
    if (this.#inFlight >= maxInFlight) return new NetError({ tag: 'pool-exhausted' })
    this.#inFlight++
    try {
      return await this.#ask(parsed, backend, caller)
    } finally {
      this.#inFlight--
    }
  }

  async #ask(
    parsed: ParsedFetch,
    backend: HttpFetchBackend,
    { signal, onRedirect }: FetchCaller,
  ): Promise<FetchOutcome> {
    const { policy } = this.#options
    const timeoutMs = Math.min(parsed.timeoutMs ?? policy.defaultTimeoutMs, MAX_TIMER_MS)
    const deadline = new AbortController()
    const all = AbortSignal.any([deadline.signal, this.#closed.signal, ...(signal === undefined ? [] : [signal])])
    const aborted = Promise.withResolvers<NetError>()
    const onAbort = (): void => {
      const isLate = deadline.signal.aborted
      aborted.resolve(
        new NetError(isLate ? { tag: 'timeout' } : { tag: 'internal', val: 'canceled: nobody waits for the answer' }),
      )
    }
    const timer = setTimeout(() => deadline.abort(), timeoutMs)
    all.addEventListener('abort', onAbort)
    if (all.aborted) onAbort()
    try {
      // The race is what holds the deadline: a backend may ignore its signal.
      return await Promise.race([
        callBackend(
          backend,
          parsed,
          { ...toLimits(parsed, policy, timeoutMs), checkUrl: this.#hopCheck(policy, onRedirect) },
          all,
        ),
        aborted.promise,
      ])
    } finally {
      clearTimeout(timer)
      all.removeEventListener('abort', onAbort)
      // Whatever the backend still does for this call is of no use to anybody.
      deadline.abort()
    }
  }

  /** Asks the policy about each hop, counts those behind the first and tells of them. */
  #hopCheck(policy: PluginHttpPolicy, onRedirect: FetchCaller['onRedirect']): (url: URL) => string | undefined {
    let hops = 0
    return (url) => {
      const refusal = checkUrl(policy, url)
      if (hops++ > 0) {
        if (refusal === undefined) this.#counts.redirects++
        onRedirect(url, refusal)
      }
      return refusal
    }
  }
}

function whyRefused({ url, verifyTls, request }: ParsedFetch, policy: PluginHttpPolicy): NetErrorValue | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { tag: 'not-allowed', val: `scheme ${url.protocol} is neither http: nor https:` }
  }
  if (!verifyTls && !policy.allowInsecure) return { tag: 'insecure-rejected' }
  const reason = checkUrl(policy, url)
  if (reason !== undefined) return { tag: 'not-allowed', val: reason }
  return request.body.length > policy.maxBodySize ? { tag: 'body-too-large' } : undefined
}

function toLimits(parsed: ParsedFetch, policy: PluginHttpPolicy, timeoutMs: number): HttpFetchLimits {
  return {
    maxBodyBytes: policy.maxBodySize,
    timeoutMs,
    followRedirects: parsed.followRedirects ?? policy.defaultFollowRedirects,
    allowInsecure: policy.allowInsecure && !parsed.verifyTls,
    checkAddress: (url, address) => checkAddress(policy, url, address),
  }
}

async function callBackend(
  backend: HttpFetchBackend,
  { request }: ParsedFetch,
  limits: HttpFetchLimits,
  signal: AbortSignal,
): Promise<FetchOutcome> {
  try {
    const response = await backend.fetch(request, limits, signal)
    if (response.body.length > limits.maxBodyBytes) return new NetError({ tag: 'body-too-large' })
    return {
      status: response.status,
      headers: response.headers.map(([name, value]) => [name.toLowerCase(), value] as const),
      body: response.body,
    }
  } catch (error) {
    // Anything else is a fault of the backend's; its text is none of the plugin's business.
    return error instanceof NetError
      ? error
      : new NetError({ tag: 'internal', val: 'the request failed' }, { cause: error })
  }
}
