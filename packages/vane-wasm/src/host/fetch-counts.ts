import { NetError, type HttpFetchResponse, type NetErrorValue, type WasmFetchSummary } from 'vane-core'

/** Outcome of a fetch: what `http-fetch` answers, or the reason for a trap as text. */
export type FetchOutcome = HttpFetchResponse | NetError | string

/** Counts what came of one plugin's fetches. */
export class FetchCounts {
  /** Redirects that were allowed. */
  redirects: number = 0
  #ok: number = 0
  #traps: number = 0
  readonly #errors: Record<NetErrorValue['tag'], number> = {
    'dns-failure': 0,
    'connection-refused': 0,
    timeout: 0,
    'tls-error': 0,
    'pool-exhausted': 0,
    'body-too-large': 0,
    'not-allowed': 0,
    'insecure-rejected': 0,
    internal: 0,
  }

  /** Counts one outcome. */
  add(outcome: FetchOutcome): void {
    if (typeof outcome === 'string') this.#traps++
    else if (outcome instanceof NetError) this.#errors[outcome.value.tag]++
    else this.#ok++
  }

  /** The figures as they are now. */
  read(): Omit<WasmFetchSummary, 'key' | 'inFlight'> {
    return { ok: this.#ok, errors: { ...this.#errors }, traps: this.#traps, redirects: this.redirects }
  }
}
