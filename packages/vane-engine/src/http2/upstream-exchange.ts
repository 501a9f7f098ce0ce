import type { ExchangePool } from './exchange-pool.ts'
import { type Body, EMPTY_BODY, HeaderList, type HttpResponse, VaneError } from 'vane-core'
import type { BodyHold } from '../floor/body-memory.ts'
import { IDEMPOTENT_METHODS } from '../upstream/idempotent-methods.ts'
import { malformed, toTimeout, toUpstreamError } from '../upstream/upstream-error.ts'
import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import { fixedSource } from './fixed-source.ts'
import type { FieldBlock } from './hpack/hpack-decoder.ts'
import type { Http2Stream } from './http2-stream.ts'
import { IncomingContent, type IncomingOwner } from './incoming-content.ts'
import { NO_CONTENT } from '../upstream/no-content.ts'
import { OutgoingContent, type OutgoingOwner } from './outgoing-content.ts'
import { toRequestPairs } from './outgoing-fields.ts'
import { toResetError } from './reset-error.ts'
import { type Http2ResponseHead, parseResponseFields } from './response-fields.ts'
import { findTrailerFault } from './find-trailer-fault.ts'
import { toTrailers } from '../http1/trailers.ts'
import type { UpstreamExchange, UpstreamListener, UpstreamRequest } from '../upstream/upstream-request.ts'
import { type TimedExchange, UpstreamExchangeClock } from './upstream-exchange-clock.ts'
import { NotHttp2Error, type PlacedRequest, type UpstreamSession } from './upstream-session.ts'

/** Interim responses one request may get. */
const MAX_INTERIMS = 16
/** Times that a request is sent again because the upstream did not begin with it. */
const MAX_REPLAYS = 2

/** One request to an HTTP/2 upstream, from the pool to its response. */
export class Http2UpstreamExchange
  implements UpstreamExchange, PlacedRequest, IncomingOwner, OutgoingOwner, TimedExchange
{
  readonly #pool: ExchangePool
  readonly #request: UpstreamRequest
  readonly #listener: UpstreamListener
  readonly #pairs: readonly string[]
  #session: UpstreamSession | undefined
  #stream: Http2Stream | undefined
  #upload: OutgoingContent | undefined
  #download: IncomingContent | undefined
  #delegate: UpstreamExchange | undefined
  /** Its listener has heard, or nobody listens any more. */
  #isSettled = false
  #isWaiting = false
  /** Fields have come, be it of an interim response. */
  #hasAnswered = false
  #replays = 0
  #interims = 0
  /** Counts the body, where that goes on after the answer. */
  #kept: BodyHold | undefined
  /** Responses that the session had brought when this request went out. */
  #responsesBefore = 0
  /** When the time for the whole exchange began, where there is a limit to it. */
  readonly #startedAtMs: number
  readonly #clock: UpstreamExchangeClock

  /** @throws Error where a field cannot be written. */
  constructor(pool: ExchangePool, request: UpstreamRequest, listener: UpstreamListener) {
    this.#pool = pool
    this.#request = request
    this.#listener = listener
    const { method, target, host, headers, body, timeouts, expectsContinue, attempt } = request
    const length = body.kind === 'fixed' ? body.bytes.length : body.kind === 'stream' ? body.length : undefined
    const line = { method, scheme: pool.scheme, authority: host, target }
    this.#pairs = toRequestPairs(line, headers, { length, expectsContinue })
    this.#startedAtMs = timeouts.totalMs === undefined ? 0 : performance.now() - attempt.spentMs
    this.#clock = new UpstreamExchangeClock(this, { pool, timeouts, spentMs: attempt.spentMs })
  }

  /** What a connection that is made for it may take. */
  get connectMs(): number {
    return this.#request.timeouts.connectMs
  }

  cancel(reason: Error): void {
    if (this.#delegate !== undefined) {
      this.#delegate.cancel(reason)
      return
    }
    const wasSettled = this.#isSettled
    this.#isSettled = true
    if (!wasSettled) this.#dropBody(reason)
    this.#end(reason)
  }

  /** Ends the exchange wherever it stands. */
  breakOff(error: Error): void {
    if (!this.#isSettled) this.#fail(error)
    else this.#end(error)
  }

  /** No connection takes it: it may wait for one for as long as connecting may take. */
  onWaiting(): void {
    this.#isWaiting = true
    this.#clock.start('capacity')
  }

  /** A connection has been found, connected or not. */
  onAssigned(session: UpstreamSession): void {
    this.#session = session
    this.#isWaiting = false
    if (!session.isConnected) this.#clock.start('connection')
  }

  onReady(session: UpstreamSession): void {
    const { body, expectsContinue } = this.#request
    this.#clock.stop()
    this.#responsesBefore = session.responses
    this.#stream = session.open(this, this.#pairs, body.kind === 'empty')
    if (body.kind === 'empty') this.#awaitFirstByte()
    else if (body.kind === 'stream' && expectsContinue) this.#clock.start('continue')
    else this.#startUpload()
  }

  onUnconnected(error: Error): void {
    this.#session = undefined
    if (this.#isSettled) return
    const { fallback, name } = this.#pool
    if (!(error instanceof NotHttp2Error)) {
      this.#fail(error instanceof VaneError ? error : this.#toError(error, { isConnected: false, isIdlePickup: false }))
      return
    }
    this.#pool.onOtherProtocol(this.#request)
    if (fallback === undefined) {
      const message = `upstream ${name} did not agree to HTTP/2 ("version" says what to speak)`
      this.#fail(new VaneError({ kind: 'upstream', reason: 'tls-handshake' }, message, { cause: error }))
      return
    }
    this.#clock.end()
    this.#isSettled = true
    const spentMs = this.#startedAtMs === 0 ? 0 : performance.now() - this.#startedAtMs
    this.#delegate = fallback.send({ ...this.#request, attempt: { ...this.#request.attempt, spentMs } }, this.#listener)
  }

  onUnprocessed(): void {
    const message = `upstream ${this.#pool.name} is going away and did not begin with the request`
    const reason = this.#hasAnswered ? 'reset-mid-request' : 'gone'
    this.#replayOr(new VaneError({ kind: 'upstream', reason }, message))
  }

  onHeaders(block: FieldBlock, endStream: boolean): void {
    if (this.#download !== undefined || this.#isSettled) {
      const fault = endStream ? findTrailerFault(block) : 'header fields within the content'
      if (fault !== undefined) this.#breakMalformed(fault)
      else this.#session?.endRemote(this.#stream!, toTrailers(new HeaderList(block.pairs)))
      return
    }
    this.#hasAnswered = true
    let head: Http2ResponseHead
    try {
      head = parseResponseFields(block)
      if (head.status < 200) this.#onInterim(head, endStream)
      else this.#onResponse(head, endStream)
    } catch (error) {
      this.#breakMalformed(error instanceof Error ? error.message : 'an unknown fault')
    }
  }

  onRemoteEnd(): void {
    this.#clock.end()
    // A body that was never asked for will not be sent.
    if (this.#request.body.kind === 'stream' && this.#upload === undefined) {
      this.#dropBody(new VaneError({ kind: 'canceled' }, 'upstream did not ask for the body'))
      this.#session?.resetStream(this.#stream!, ERROR_CODE.noError)
    }
  }

  onReset(code: number): void {
    const error = toResetError(this.#pool.name, code, this.#hasAnswered)
    // An upstream that has too much to do is not asked at once again where somebody knows how long to wait.
    if (error.reason === 'refused' && this.#request.attempt.number === 0) this.#replayOr(error)
    else this.breakOff(error)
  }

  onFault(message: string): void {
    this.breakOff(malformed(this.#pool.name, message))
  }

  onLost(error: Error): void {
    const session = this.#session
    const isSilent = !this.#hasAnswered && session?.responses === this.#responsesBefore
    const isIdlePickup = isSilent && this.#responsesBefore > 0
    const isMalformed = error instanceof ConnectionFault && error.code !== ERROR_CODE.noError
    const failure = isMalformed
      ? malformed(this.#pool.name, error.message)
      : session?.cause instanceof VaneError
        ? session.cause
        : this.#toError(session?.cause ?? error, { isConnected: true, isIdlePickup })
    this.#session = undefined
    if (this.#isSettled) this.#end(failure)
    else if (isIdlePickup && IDEMPOTENT_METHODS.has(this.#request.method)) this.#replayOr(failure)
    else this.#fail(failure)
  }

  #onInterim({ status, headers }: Http2ResponseHead, endStream: boolean): void {
    if (endStream) throw new Error('an interim response that ends it')
    if (status === 100) this.#startUpload()
    else if (++this.#interims > MAX_INTERIMS) throw new Error(`more than ${MAX_INTERIMS} interim ones before it`)
    else this.#listener.onInterim(status, headers)
  }

  #onResponse({ status, headers, length }: Http2ResponseHead, endStream: boolean): void {
    const hasContent = this.#request.method !== 'HEAD' && status !== 204 && status !== 304
    if (endStream && hasContent && (length ?? 0) > 0) throw new Error('a content-length and no content')
    this.#clock.stop()
    if (this.#session !== undefined) this.#session.responses++
    this.#isSettled = true
    if (this.#upload?.isWaiting === true) this.#keep()
    const body = this.#toBody(hasContent ? length : 0, endStream)
    const isDeclared = !hasContent && length !== undefined && status !== 204
    const response: HttpResponse = {
      status,
      headers,
      body: isDeclared ? { kind: 'stream', source: NO_CONTENT, length } : hasContent ? body : EMPTY_BODY,
    }
    if (endStream) this.#session?.endRemote(this.#stream!, undefined)
    else if (!hasContent) {
      // Its end is all that may come.
      this.#clock.start('end')
    }
    this.#listener.onResponse(response, '2')
  }

  #toBody(length: number | undefined, endStream: boolean): Body {
    if (endStream) return EMPTY_BODY
    const { idleMs } = this.#request.timeouts
    const source = new IncomingContent(this, { length, idleMs, clock: this.#pool.clock })
    this.#stream!.incoming = source
    this.#download = source
    return { kind: 'stream', source, length }
  }

  onContentIdle(): Error {
    const error = toTimeout(this.#pool.name, 'idle', this.#request.timeouts.idleMs)
    this.#end(error)
    return error
  }

  creditContent(bytes: number): void {
    // Without a session there is no connection left whose window could be opened.
    this.#session?.creditStream(this.#stream!, bytes)
  }

  onContentStart(): void {}

  onContentCancel(reason: Error): void {
    this.#end(reason)
  }

  #startUpload(): void {
    const { body, timeouts } = this.#request
    const stream = this.#stream
    if (body.kind === 'empty' || this.#upload !== undefined || stream === undefined || stream.isClosed) return
    // While the body moves, its own clocks run: the sender's idle clock and the stall clock of the content.
    this.#clock.stop()
    const streamed =
      body.kind === 'stream'
        ? body
        : ({ kind: 'stream', source: fixedSource(body.bytes), length: body.bytes.length } as const)
    this.#upload = new OutgoingContent(streamed, stream, {
      owner: this,
      stallMs: timeouts.idleMs,
      clock: this.#pool.clock,
    })
    stream.outgoing = this.#upload
    this.#upload.start()
  }

  onSendStall(): void {
    this.breakOff(toTimeout(this.#pool.name, 'idle', this.#request.timeouts.idleMs))
  }

  onSendFail(error: Error): void {
    this.breakOff(error)
  }

  onSent(): void {
    this.#letGo()
    if (!this.#isSettled) this.#awaitFirstByte()
  }

  onContinueWait(): void {
    this.#startUpload()
  }

  /** Sends the request again, if that can be done, or fails. */
  #replayOr(error: VaneError): void {
    const { body, attempt } = this.#request
    this.#clock.stop()
    if (this.#isSettled) {
      this.#end(error)
      return
    }
    const isBodyGone = body.kind === 'stream' && this.#upload !== undefined
    if (this.#hasAnswered || isBodyGone || attempt.number > 1 || this.#replays >= MAX_REPLAYS) {
      this.#fail(error)
      return
    }
    this.#replays++
    this.#upload?.abandon(error)
    this.#upload = undefined
    this.#stream = undefined
    this.#session = undefined
    this.#pool.retry(this)
  }

  #breakMalformed(what: string): void {
    if (this.#stream !== undefined) this.#session?.resetStream(this.#stream, ERROR_CODE.protocolError)
    this.breakOff(malformed(this.#pool.name, what))
  }

  #fail(error: Error): void {
    this.#isSettled = true
    if (this.#request.attempt.number === 0) this.#pool.countFailure()
    this.#dropBody(error)
    this.#end(error)
    this.#listener.onFailure(error)
  }

  /** Nothing more is sent or delivered. */
  #end(reason: Error): void {
    this.#clock.end()
    this.#letGo()
    if (this.#isWaiting) this.#pool.forget(this)
    this.#upload?.abandon(reason)
    if (this.#stream === undefined) this.#session?.withdraw(this)
    else if (!this.#stream.isClosed) this.#session?.resetStream(this.#stream, ERROR_CODE.cancel)
    this.#download?.break(reason)
  }

  /** The answer has come before the body was sent, which may outlast its request. */
  #keep(): void {
    this.#kept = this.#request.hold
    this.#kept?.keep()
  }

  #letGo(): void {
    this.#kept?.letGo()
    this.#kept = undefined
  }

  #dropBody(reason: Error): void {
    const { body } = this.#request
    if (body.kind === 'stream' && this.#upload === undefined) body.source.cancel(reason)
  }

  #awaitFirstByte(): void {
    this.#clock.start('head')
  }

  #toError(cause: Error, point: { isConnected: boolean; isIdlePickup: boolean }): VaneError {
    return toUpstreamError(cause, { upstream: this.#pool.name, hasAnswered: this.#hasAnswered, ...point })
  }
}
