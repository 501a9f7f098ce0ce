import type { Body, HeaderList, HttpResponse, ProxyTimeouts } from 'vane-core'

/** A request as it goes to an upstream: hop-by-hop and framing fields are gone, `Host` is decided. */
export interface UpstreamRequest {
  readonly method: string
  /** Origin-form, or `*`. */
  readonly target: string
  /** `[name, value, …]`; the client adds framing. */
  readonly fields: readonly string[]
  readonly body: Body
  readonly timeouts: ProxyTimeouts
  /** The client waits for `100 Continue`; the upstream is asked first. */
  readonly expectsContinue: boolean
  /** Hears interim responses. */
  onInterim(status: number, headers: HeaderList): void
}

/** A request that is under way. */
export interface UpstreamExchange {
  /** Resolves with the head, its body still to come; rejects with a VaneError, or with whatever broke the request's body. */
  readonly response: Promise<HttpResponse>
  /** Nobody wants the response any more. */
  cancel(reason: Error): void
}
