import { HeaderList, type HttpRequest, type HttpResponse, type StreamBody, VaneError } from 'vane-core'
import { ClientFault } from '../http1/client-fault.ts'
import { ClientStall } from '../http1/client-stall.ts'
import type { ExchangeEnd, ExchangeListener, ServerExchange } from '../http1/server-codec.ts'
import type { DeadlineClock } from '../time/deadline-clock.ts'
import { ERROR_CODE, toErrorName } from './error-code.ts'
import { fixedSource } from './fixed-source.ts'
import type { FieldBlock } from './hpack/hpack-decoder.ts'
import type { Http2Stream, StreamOwner } from './http2-stream.ts'
import { IncomingContent, type IncomingOwner } from './incoming-content.ts'
import { OutgoingContent, type OutgoingOwner } from './outgoing-content.ts'
import { toResponsePairs } from './outgoing-fields.ts'
import type { Http2RequestHead } from './request-fields.ts'
import { findTrailerFault } from './find-trailer-fault.ts'
import { toTrailers } from '../http1/trailers.ts'

/** What an exchange asks of its connection. */
export interface ExchangeConnection {
  sendHeaders(stream: Http2Stream, pairs: readonly string[], endStream: boolean): void
  resetStream(stream: Http2Stream, code: number): void
  faultStream(stream: Http2Stream, code: number, message: string): void
  creditStream(stream: Http2Stream, bytes: number): void
  endRemote(stream: Http2Stream, trailers: HeaderList | undefined): void
  /** A response is out, to its end. */
  onResponded(): void
  /** Lets the streams that are open finish, and takes no more. */
  drain(): void
}

/** The clock of an exchange, and what it is set to. */
export interface ExchangeTimes {
  readonly clock: DeadlineClock
  readonly bodyIdleTimeoutMs: number
  readonly writeStallTimeoutMs: number
}

/** One request and its response: a stream that a client has opened. */
export class Http2Exchange implements ServerExchange, StreamOwner, IncomingOwner, OutgoingOwner {
  readonly request: HttpRequest
  listener: ExchangeListener | undefined = undefined
  status: number | undefined
  error: Error | undefined
  readonly #stream: Http2Stream
  readonly #connection: ExchangeConnection
  readonly #times: ExchangeTimes
  readonly #expectsContinue: boolean
  readonly #requestBody: IncomingContent | undefined
  #content: OutgoingContent | undefined
  #hasContinued = false
  #isOver = false

  /** @param head of the request; where the stream's remote side has ended, it has no body. */
  constructor(
    head: Http2RequestHead,
    stream: Http2Stream,
    context: { connection: ExchangeConnection; times: ExchangeTimes },
  ) {
    this.#stream = stream
    this.#connection = context.connection
    this.#times = context.times
    this.#expectsContinue = head.expectsContinue
    if (!stream.isRemoteEnded) {
      const { length } = head
      const { clock, bodyIdleTimeoutMs } = context.times
      const source = new IncomingContent(this, { length, clock, idleMs: bodyIdleTimeoutMs })
      this.#requestBody = source
      stream.incoming = source
      head.request.body = { kind: 'stream', source, length }
    }
    this.request = head.request
  }

  get bytesIn(): number {
    return this.#requestBody?.bytes ?? 0
  }

  get bytesOut(): number {
    return this.#content?.bytes ?? 0
  }

  onContentIdle(): Error {
    // Who waits for the body answers with this; after the response nobody does.
    if (this.#isOver) this.#connection.resetStream(this.#stream, ERROR_CODE.cancel)
    return new ClientFault(408, `no byte of the request body for ${this.#times.bodyIdleTimeoutMs} ms`)
  }

  creditContent(bytes: number): void {
    this.#connection.creditStream(this.#stream, bytes)
  }

  onContentStart(): void {
    if (this.#expectsContinue) this.inform(100, NO_FIELDS)
  }

  onContentCancel(): void {
    this.#stream.isMuted = true
    if (this.#isOver) this.#connection.resetStream(this.#stream, ERROR_CODE.noError)
  }

  /** With `close` the connection drains: streams that are open go on to their end. */
  respond(response: HttpResponse, close: boolean): void {
    const { status, headers, body } = response
    if (this.#isOver) {
      if (body.kind === 'stream')
        body.source.cancel(new VaneError({ kind: 'canceled' }, 'nobody is left to take the response'))
      return
    }
    const hasContent = this.request.method !== 'HEAD' && status !== 204 && status !== 304
    const length =
      body.kind === 'empty' ? (hasContent ? 0 : undefined) : body.kind === 'fixed' ? body.bytes.length : body.length
    const pairs = toResponsePairs(status, headers, status === 204 ? undefined : length)
    this.status = status
    const isHeadOnly = !hasContent || body.kind === 'empty'
    this.#connection.sendHeaders(this.#stream, pairs, isHeadOnly)
    if (close) this.#connection.drain()
    if (!isHeadOnly) {
      this.#send(body.kind === 'fixed' ? { kind: 'stream', source: fixedSource(body.bytes), length } : body)
      return
    }
    if (body.kind === 'stream') body.source.cancel(new VaneError({ kind: 'canceled' }, 'response has no content'))
    this.#finish('complete')
  }

  #send(body: StreamBody): void {
    const { clock, writeStallTimeoutMs } = this.#times
    this.#content = new OutgoingContent(body, this.#stream, { owner: this, stallMs: writeStallTimeoutMs, clock })
    this.#stream.outgoing = this.#content
    this.#content.start()
  }

  onSendStall(): void {
    const { writeStallTimeoutMs } = this.#times
    this.cut(new ClientStall(writeStallTimeoutMs))
  }

  onSendFail(error: Error): void {
    this.cut(error)
  }

  onSent(): void {
    this.#finish('complete')
  }

  inform(status: number, headers: HeaderList): void {
    if (this.#isOver || this.status !== undefined || status === 101) return
    if (status === 100) {
      if (!this.#expectsContinue || this.#hasContinued) return
      this.#hasContinued = true
    }
    this.#connection.sendHeaders(this.#stream, toResponsePairs(status, headers, undefined), false)
  }

  cut(error: Error): void {
    if (this.#isOver) return
    this.error ??= error
    // Some clients, Node's among them, take a response that ends in CANCEL for one that has ended.
    const isDropped = this.status === undefined && error instanceof VaneError && error.kind === 'canceled'
    this.#connection.resetStream(this.#stream, isDropped ? ERROR_CODE.cancel : ERROR_CODE.internalError)
    this.#finish('cut')
    this.#requestBody?.break(error)
  }

  onHeaders(block: FieldBlock, endStream: boolean): void {
    const fault = endStream ? findTrailerFault(block) : 'HEADERS within a request that do not end it'
    if (fault === undefined) this.#connection.endRemote(this.#stream, toTrailers(new HeaderList(block.pairs)))
    else this.#connection.faultStream(this.#stream, ERROR_CODE.protocolError, fault)
  }

  onReset(code: number): void {
    this.#finish('client-gone')
    this.#requestBody?.break(
      new VaneError({ kind: 'canceled' }, `client reset the stream within its request (${toErrorName(code)})`),
    )
  }

  onFault(message: string): void {
    const fault = new ClientFault(400, message)
    if (!this.#isOver) this.error = fault
    this.#finish('cut')
    this.#requestBody?.break(fault)
  }

  onLost(): void {
    this.#finish('client-gone')
    this.#requestBody?.break(new VaneError({ kind: 'canceled' }, 'client went away within its request'))
  }

  onRemoteEnd(): void {}

  #finish(end: ExchangeEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    if (end === 'complete') {
      this.#connection.onResponded()
      // RFC 9113 §8.1: the response is there, and what is left of the request is of no use to anybody.
      if (!this.#stream.isRemoteEnded && this.#requestBody?.isWanted !== true)
        this.#connection.resetStream(this.#stream, ERROR_CODE.noError)
    } else {
      this.#content?.abandon(
        this.error ?? new VaneError({ kind: 'canceled' }, 'client went away before the response was complete'),
      )
    }
    this.listener?.onEnd(end)
  }
}

const NO_FIELDS = new HeaderList()
