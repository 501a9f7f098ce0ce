/** A plugin's outgoing request. WIT: `vane:host/host.http-fetch-request`. */
export interface HttpFetchRequest {
  readonly method: string
  /** Absolute `http:` or `https:` URL. */
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** The answer to a plugin's request. WIT: `vane:host/host.http-fetch-response`. */
export interface HttpFetchResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** Why a plugin's request failed; one to one with the WIT variant `net-error`. */
export type NetErrorValue =
  | { readonly tag: 'dns-failure'; readonly val: string }
  | { readonly tag: 'connection-refused' }
  | { readonly tag: 'timeout' }
  | { readonly tag: 'tls-error'; readonly val: string }
  | { readonly tag: 'pool-exhausted' }
  | { readonly tag: 'body-too-large' }
  | { readonly tag: 'not-allowed'; readonly val: string }
  | { readonly tag: 'insecure-rejected' }
  | { readonly tag: 'internal'; readonly val: string }

/** Rejection of {@link HttpFetchBackend.fetch}; handed to the plugin as a result, never as a trap. */
export class NetError extends Error {
  override readonly name = 'NetError'
  readonly value: NetErrorValue

  constructor(value: NetErrorValue, options?: { readonly cause?: unknown }) {
    super('val' in value ? `${value.tag}: ${value.val}` : value.tag, options)
    this.value = value
  }
}

/** What one call may use; made from the call, the plugin's policy and the defaults, in that order. */
export interface HttpFetchLimits {
  /** Bytes, for the request body and the response body each. */
  readonly maxBodyBytes: number
  /** Whole call, redirects included. */
  readonly timeoutMs?: number
  /** 0 follows none. */
  readonly followRedirects: number
  /** Whether a bad certificate is accepted. */
  readonly allowInsecure: boolean
  /**
   * Asked before connecting, for the first URL and again for every redirect hop.
   *
   * @returns why the hop is refused, or `undefined` if it may go on.
   */
  readonly checkUrl?: (url: URL) => string | undefined
  /**
   * Asked with the address that is about to be connected to, after name resolution, so that rebinding cannot pass.
   *
   * @returns why the address is refused, or `undefined` if it may be used.
   */
  readonly checkAddress?: (url: URL, address: string) => string | undefined
}

/** Limits where neither call nor policy says otherwise: 1 MiB, 5 redirects, verified certificates, no time limit of its own. */
export const DEFAULT_HTTP_FETCH_LIMITS: HttpFetchLimits = {
  maxBodyBytes: 1_048_576,
  followRedirects: 5,
  allowInsecure: false,
}

/** Makes plugins' outgoing requests. Implemented by the engine; used by `vane-wasm`, which never imports that package. */
export interface HttpFetchBackend {
  /** Resolves with the response; rejects with {@link NetError}. */
  fetch(request: HttpFetchRequest, limits: HttpFetchLimits, signal: AbortSignal): Promise<HttpFetchResponse>
}
