import type { HeaderList, HttpRequest, HttpResponse, Logger, MaybePromise, PluginCallOptions } from 'vane-core'
import type { Connection } from '../listen/connection.ts'

/** What a middleware or fetch sees of the walk that runs it. */
export interface Flow {
  readonly connection: Connection
  readonly request: HttpRequest
  /** Set from the fetch on. */
  readonly response: HttpResponse | undefined
  readonly logger: Logger
  /** What plugin calls of this walk carry; its parts are made when first read. */
  readonly callOptions: PluginCallOptions
  /** Sets the one listener that hears when the client has gone before the walk ended. */
  onCancel(listener: (reason: Error) => void): void
  /** Passes an interim response (1xx but 101) to the client, where its version knows them. */
  inform(status: number, headers: HeaderList): void
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
  start(flow: Flow): MaybePromise<FetchOutcome>
  /** Gives back what it holds; called once, when the last walk of its graph is over. */
  dispose?(): void
}
