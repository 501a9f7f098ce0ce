import type { ExchangePool } from './exchange-pool.ts'
import { type Body, EMPTY_BODY, HeaderList, type HttpResponse, VaneError } from 'vane-core'
import { malformed, toConnectTimeout, toTimeout, toUpstreamError } from '../upstream/upstream-error.ts'
import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import { fixedSource } from './fixed-source.ts'
import type { FieldBlock } from './hpack/hpack-decoder.ts'
import type { Http2Stream } from './http2-stream.ts'
import { IncomingContent } from './incoming-content.ts'
import { NO_CONTENT } from './no-content.ts'
import { OutgoingContent } from './outgoing-content.ts'
import { toRequestPairs } from './outgoing-fields.ts'
import { toResetError } from './reset-error.ts'
import { type Http2ResponseHead, parseResponseFields } from './response-fields.ts'
import { findTrailerFault } from './find-trailer-fault.ts'
import { toTrailers } from '../http1/trailers.ts'
import type { UpstreamExchange, UpstreamListener, UpstreamRequest } from '../upstream/upstream-request.ts'
import { NotHttp2Error, type PlacedRequest, type UpstreamSession } from './upstream-session.ts'

/** How long an upstream may leave `Expect: 100-continue` unanswered before the body goes out all the same (RFC 9110 §10.1.1). */
const CONTINUE_WAIT_MS = 1_000
/** Interim responses one request may get. */
const MAX_INTERIMS = 16
/** Times that a request is sent again because the upstream did not begin with it. */
const MAX_REPLAYS = 2
/** Methods whose repetition is harmless (RFC 9110 §9.2.2), of those that are let through. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])

/** One request to an HTTP/2 upstream, from the pool to its response. */
export class Http2UpstreamExchange implements UpstreamExchange, PlacedRequest {
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
  /** Responses that the session had brought when this request went out. */
  #responsesBefore = 0
  #clock: NodeJS.Timeout | undefined
  #totalClock: NodeJS.Timeout | undefined
  /** When the time for the whole exchange began, where there is a limit to it. */
  readonly #startedAtMs: number

  /** @throws Error where a field cannot be written. */
  constructor(pool: ExchangePool, request: UpstreamRequest, listener: UpstreamListener) {
    this.#pool = pool
    this.#request = request
    this.#listener = listener
    const { method, target, host, headers, body, timeouts, expectsContinue, attempt } = request
    const length = body.kind === 'fixed' ? body.bytes.length : body.kind === 'stream' ? body.length : undefined
    const line = { method, scheme: pool.scheme, authority: host, target }
    this.#pairs = toRequestPairs(line, headers, { length, expectsContinue })
    const { totalMs } = timeouts
    this.#startedAtMs = totalMs === undefined ? 0 : performance.now() - attempt.spentMs
    if (totalMs !== undefined)
      this.#totalClock = setTimeout(
        () => this.breakOff(toTimeout(this.#pool.name, 'total', totalMs)),
        totalMs - attempt.spentMs,
      )
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
    const { connectMs } = this.#request.timeouts
    this.#isWaiting = true
    const message = `no connection to upstream ${this.#pool.name} became free in ${connectMs} ms`
    this.#startClock(connectMs, () => new VaneError({ kind: 'resource', reason: 'connection-pool' }, message))
  }

  /** A connection has been found, connected or not. */
  onAssigned(session: UpstreamSession): void {
    this.#session = session
    this.#isWaiting = false
    const { connectMs } = this.#request.timeouts
    if (!session.isConnected)
      this.#startClock(connectMs, () => toConnectTimeout(this.#pool.name, connectMs, this.#pool.isResolving))
  }

  onReady(session: UpstreamSession): void {
    const { body, expectsContinue } = this.#request
    this.#stopClock()
    this.#responsesBefore = session.responses
    this.#stream = session.open(this, this.#pairs, body.kind === 'empty')
    if (body.kind === 'empty') this.#awaitFirstByte()
    else if (body.kind === 'stream' && expectsContinue)
      this.#clock = setTimeout(() => this.#startUpload(), CONTINUE_WAIT_MS)
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
    this.#stopClock()
    clearTimeout(this.#totalClock)
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
    this.#stopClock()
    clearTimeout(this.#totalClock)
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
    else if (isIdlePickup && IDEMPOTENT.has(this.#request.method)) this.#replayOr(failure)
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
    this.#stopClock()
    if (this.#session !== undefined) this.#session.responses++
    this.#isSettled = true
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
      const { idleMs } = this.#request.timeouts
      this.#startClock(idleMs, () => toTimeout(this.#pool.name, 'idle', idleMs))
    }
    this.#listener.onResponse(response, '2')
  }

  #toBody(length: number | undefined, endStream: boolean): Body {
    const stream = this.#stream!
    const session = this.#session!
    if (endStream) return EMPTY_BODY
    const { idleMs } = this.#request.timeouts
    const source = new IncomingContent({
      length,
      idleMs,
      onIdle: () => {
        const error = toTimeout(this.#pool.name, 'idle', idleMs)
        this.#end(error)
        return error
      },
      credit: (bytes) => session.creditStream(stream, bytes),
      onCancel: (reason) => this.#end(reason),
    })
    stream.incoming = source
    this.#download = source
    return { kind: 'stream', source, length }
  }

  #startUpload(): void {
    const { body, timeouts } = this.#request
    const stream = this.#stream
    if (body.kind === 'empty' || this.#upload !== undefined || stream === undefined || stream.isClosed) return
    // While the body moves, its own clocks run: the sender's idle clock and the stall clock of the content.
    this.#stopClock()
    const streamed =
      body.kind === 'stream'
        ? body
        : ({ kind: 'stream', source: fixedSource(body.bytes), length: body.bytes.length } as const)
    this.#upload = new OutgoingContent(streamed, stream, {
      stallMs: timeouts.idleMs,
      onStall: () => this.breakOff(toTimeout(this.#pool.name, 'idle', timeouts.idleMs)),
      onFail: (error) => this.breakOff(error),
      onEnd: () => {
        if (!this.#isSettled) this.#awaitFirstByte()
      },
    })
    stream.outgoing = this.#upload
    this.#upload.start()
  }

  /** Sends the request again, if that can be done, or fails. */
  #replayOr(error: VaneError): void {
    const { body, attempt } = this.#request
    this.#stopClock()
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
    this.#stopClock()
    clearTimeout(this.#totalClock)
    if (this.#isWaiting) this.#pool.forget(this)
    this.#upload?.abandon(reason)
    if (this.#stream === undefined) this.#session?.withdraw(this)
    else if (!this.#stream.isClosed) this.#session?.resetStream(this.#stream, ERROR_CODE.cancel)
    this.#download?.break(reason)
  }

  #dropBody(reason: Error): void {
    const { body } = this.#request
    if (body.kind === 'stream' && this.#upload === undefined) body.source.cancel(reason)
  }

  #awaitFirstByte(): void {
    const { firstByteMs } = this.#request.timeouts
    this.#startClock(firstByteMs, () => toTimeout(this.#pool.name, 'read', firstByteMs))
  }

  #toError(cause: Error, point: { isConnected: boolean; isIdlePickup: boolean }): VaneError {
    return toUpstreamError(cause, { upstream: this.#pool.name, hasAnswered: this.#hasAnswered, ...point })
  }

  #startClock(ms: number, toError: () => VaneError): void {
    this.#stopClock()
    this.#clock = setTimeout(() => this.breakOff(toError()), ms)
  }

  #stopClock(): void {
    clearTimeout(this.#clock)
    this.#clock = undefined
  }
}
