import type { Body, HeaderList, HttpResponse, HttpVersion, ProxyTimeouts } from 'vane-core'
import type { BodyHold } from '../floor/body-memory.ts'
import type { SwitchedSocket } from '../http1/server-codec.ts'

/** Which sending of a request this is. */
export interface Attempt {
  /**
   * 0 is the only one: the transport itself repeats what it may and counts a failure. From 1 on the sender repeats the
   * request and counts; the first is still sent again by the transport where it failed with its connection alone.
   */
  readonly number: number
  /** Time that attempts and waits before it took; `timeouts.totalMs` is for all of them. */
  readonly spentMs: number
}

/** The attempt of a request that nobody but its transport repeats. */
export const ONLY_ATTEMPT: Attempt = { number: 0, spentMs: 0 }

/** A request as it goes to an upstream. */
export interface UpstreamRequest {
  readonly method: string
  /** Origin-form, or `*`. */
  readonly target: string
  /** Value of `Host`. */
  readonly host: string
  /** The request's fields; those of the client's connection, `Host` and `Expect` among them are left out by the encoder. */
  readonly headers: HeaderList
  readonly body: Body
  /** Where a body is counted that had to be read into memory. */
  readonly hold: BodyHold | undefined
  readonly timeouts: ProxyTimeouts
  /** The client waits for `100 Continue`; the upstream is asked first. */
  readonly expectsContinue: boolean
  /** Protocol the client would like to go on in; the upstream is asked for it. */
  readonly upgrade: string | undefined
  readonly attempt: Attempt
}

/** The upstream's end of a tunnel. */
export interface SwitchedUpstream extends SwitchedSocket {
  /** Of the upstream, for people. */
  readonly name: string
  /** What it has switched to: what it was asked for. */
  readonly protocol: string
  /** How long neither side may send anything. */
  readonly idleTimeoutMs: number
}

/** Hears what becomes of a request: exactly one of `onResponse`, `onSwitched` and `onFailure`, once, unless it was cancelled. */
export interface UpstreamListener {
  /** An interim response other than 100 and 101. */
  onInterim(status: number, headers: HeaderList): void
  /**
   * The final response's head is there, its body may still be to come. It came by that version of HTTP.
   *
   * @param nowMs of `performance.now()`, where somebody has just looked.
   */
  onResponse(response: HttpResponse, version: HttpVersion, nowMs?: number): void
  /** The upstream has switched to the protocol it was asked for: its socket speaks no HTTP any more. */
  onSwitched(headers: HeaderList, upstream: SwitchedUpstream): void
  /** A {@link VaneError}, or whatever broke the request's body. */
  onFailure(error: Error): void
}

/** A request that is under way. */
export interface UpstreamExchange {
  /** Nobody wants the response any more; the listener hears nothing further. */
  cancel(reason: Error): void
}
