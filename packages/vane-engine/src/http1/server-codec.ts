import type { Socket } from 'node:net'
import type { LimitName } from '../floor/limit-name.ts'
import type { HeaderList, HttpRequest, HttpResponse } from 'vane-core'

/** Turns a client's bytes into requests, and responses into bytes. The seam behind which protocol versions are exchanged. */
export interface HttpServerCodec {
  /**
   * Takes the socket over, error handling included, until it closes.
   *
   * @param headDeadlineMs moment of `performance.now()` by which the first head has to be there: who has begun slowly is not
   *   given a further header timeout by each layer.
   */
  serve(socket: Socket, session: HttpSession, headDeadlineMs: number): void
  /** Closes the connections that no request is running on. */
  closeIdle(): void
  /** Stops its clocks. Connections that are still open stay so. */
  close(): void
}

/** One client connection, as a codec sees the rest of the engine. */
export interface HttpSession {
  /** By how the client came. */
  readonly scheme: 'http' | 'https'
  /** Whether the next response should be the connection's last. */
  isClosing(): boolean
  /** A request has arrived. Must not throw. */
  onExchange(exchange: ServerExchange): void
  /** A request was refused before it became an exchange. */
  onRefused(status: number, reason: string): void
  /** The client went over one of the security floor's limits, in a way that no response tells of. */
  onLimitHit(limit: LimitName, reason: string): void
}

/** How an exchange ended: the response is out, or the client went away first, or we cut the connection. */
export type ExchangeEnd = 'complete' | 'client-gone' | 'cut'

/**
 * Hears how an exchange ended.
 *
 * An object and not a function: V8 keeps each of the closures that a field has held alive until the next collection of the
 * old generation, and with it the request.
 */
export interface ExchangeListener {
  /**
   * Called once, when nothing more will happen to the response.
   *
   * @returns what `performance.now()` says, where the listener has looked.
   */
  onEnd(end: ExchangeEnd): number | undefined
}

/** A socket that speaks no HTTP any more. It is paused. */
export interface SwitchedSocket {
  readonly socket: Socket
  /** What it had sent behind the last message of HTTP. */
  readonly ahead: Uint8Array
}

/** One request with the response it is owed. */
export interface ServerExchange {
  readonly request: HttpRequest
  /** Who hears of the end. To be set before `respond`. */
  listener: ExchangeListener | undefined
  /** Bytes of body received so far. */
  readonly bytesIn: number
  /** Bytes of body handed to the connection so far. */
  readonly bytesOut: number
  /** Status of the response that was begun. */
  readonly status: number | undefined
  /** Why the response broke off, where it did. */
  readonly error: Error | undefined
  /**
   * Begins the response, once. Takes the body over: its failure cuts the connection, so that no client takes a part for
   * the whole.
   *
   * @param close whether the connection ends with this response.
   */
  respond(response: HttpResponse, close: boolean): void
  /** Sends an interim response, where the client's version knows them and the final one has not begun. */
  inform(status: number, headers: HeaderList): void
  /**
   * Answers 101 and lets go of the connection: what follows is no HTTP, and the socket the caller's. That ends the exchange,
   * and its listener hears nothing more. Only for a request that has asked for it, and that no response has begun for. Absent
   * where the version of HTTP knows no such thing.
   *
   * @param headers of the answer; `Connection` and `Upgrade` are written besides.
   *
   * @returns `undefined` where this request cannot, or its client has gone.
   */
  switchProtocols?(protocol: string, headers: HeaderList): SwitchedSocket | undefined
  /** Breaks the connection off at once. */
  cut(error: Error): void
}
