import type {
  HeaderList,
  HttpRequest,
  HttpResponse,
  HttpVersion,
  Logger,
  MaybePromise,
  PluginCallOptions,
} from 'vane-core'
import type { BodyHold } from '../floor/body-memory.ts'
import type { Connection } from '../listen/connection.ts'
import type { SwitchedUpstream, UpstreamListener } from '../upstream/upstream-request.ts'

/** Work that can be told that nobody waits for it any more. */
export interface Cancelable {
  cancel(reason: Error): void
}

/** What a middleware or fetch sees of the walk that runs it. */
export interface Flow extends UpstreamListener {
  readonly connection: Connection
  readonly request: HttpRequest
  /** Set from the fetch on. */
  readonly response: HttpResponse | undefined
  readonly logger: Logger
  /** Where bodies are counted that this walk has read into memory; absent where it has read none. */
  readonly hold: BodyHold | undefined
  /** {@link hold}, made where it is absent. It is released when the walk is over. */
  openHold(): BodyHold
  /** What plugin calls of this walk carry; its parts are made when first read. */
  readonly callOptions: PluginCallOptions
  /** Sets the one piece of work that ends when the client has gone before the walk ended. */
  onCancel(work: Cancelable): void
  /** Passes an interim response (1xx but 101) to the client, where its version knows them. */
  onInterim(status: number, headers: HeaderList): void
  /** Notes that a fetch that answered `undefined` has failed and tries again. */
  onRetry(error: Error): void
  /** Goes on with the response of a fetch that answered `undefined`. */
  onResponse(response: HttpResponse, version?: HttpVersion, nowMs?: number): void
  /** Goes on as a tunnel, where a fetch that answered `undefined` has been granted another protocol. */
  onSwitched(headers: HeaderList, upstream: SwitchedUpstream): void
  /** Goes on after the failure of a fetch that answered `undefined`. */
  onFailure(error: Error): void
}

/** What a middleware decided. Refusals (`short`, `close`) are its own decision; a failure is thrown. */
export type MiddlewareOutcome =
  | { readonly tag: 'continue' }
  /** Written as it is: no response middleware sees it. */
  | { readonly tag: 'short'; readonly response: HttpResponse }
  /** The connection is dropped; a response that has begun breaks off. */
  | { readonly tag: 'close' }

/** Goes on with the walk. */
export const CONTINUE: MiddlewareOutcome = { tag: 'continue' }
/** Drops the connection. */
export const CLOSE: MiddlewareOutcome = { tag: 'close' }

/** A live middleware. It answers synchronously unless it must wait. */
export interface Middleware {
  handle(flow: Flow): MaybePromise<MiddlewareOutcome>
  /** Gives back what it holds; called once, when the last walk of its graph is over. */
  dispose?(): void
}

/** What a fetch yielded. */
export interface FetchOutcome {
  readonly tag: 'response'
  readonly response: HttpResponse
}

/** A live fetch: makes the response of a request. */
export interface Fetch {
  /**
   * @param nowMs of `performance.now()`, where somebody has just looked.
   * @returns `undefined` where the answer comes later, by one call of the flow's `onResponse`, `onSwitched` or `onFailure`,
   *   without a promise.
   */
  start(flow: Flow, nowMs?: number): MaybePromise<FetchOutcome> | undefined
  /** Gives back what it holds; called once, when the last walk of its graph is over. */
  dispose?(): void
}
