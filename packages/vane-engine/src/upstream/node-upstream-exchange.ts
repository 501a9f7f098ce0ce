import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { HeaderList, type HttpResponse, type TimeoutReason, VaneError } from 'vane-core'
import { IncomingBody } from '../http1/incoming-body.ts'
import { OutgoingSink } from '../http1/outgoing-sink.ts'
import { toFraming } from './request-framing.ts'
import { toResponseBody } from './response-body.ts'
import { malformed, parseResponseHead } from './response-head.ts'
import { toUpstreamError } from './upstream-error.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import type { UpstreamExchange, UpstreamRequest } from './upstream-request.ts'

/** How long an upstream may leave `Expect: 100-continue` unanswered before the body goes out all the same (RFC 9110 §10.1.1). */
const CONTINUE_WAIT_MS = 1_000
/** Interim responses one request may get. */
const MAX_INTERIMS = 16
/** Response heads may be as large as the requests' that clients send. */
const MAX_HEADER_BYTES = 65_536

/** Methods whose repetition is harmless (RFC 9110 §9.2.2), of those that are let through. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])

/** One try on one connection. */
interface Attempt {
  readonly req: ClientRequest
  isConnected: boolean
  /** What the connection had read before this request. */
  bytesReadBefore: number
}

/** One request to an upstream on Node's `http` client. */
export class NodeUpstreamExchange implements UpstreamExchange {
  readonly response: Promise<HttpResponse>
  readonly #pool: UpstreamPool
  readonly #request: UpstreamRequest
  #resolve!: (response: HttpResponse) => void
  #reject!: (error: Error) => void
  #attempt!: Attempt
  #isSettled = false
  #hasRetried = false
  #upload: OutgoingSink | undefined
  #download: IncomingBody | undefined
  #interims = 0
  #clock: NodeJS.Timeout | undefined
  #totalClock: NodeJS.Timeout | undefined

  constructor(pool: UpstreamPool, request: UpstreamRequest) {
    this.#pool = pool
    this.#request = request
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { totalMs } = request.timeouts
    if (totalMs !== undefined) {
      this.#totalClock = setTimeout(() => this.#breakOff(this.#toTimeout('total', totalMs)), totalMs)
    }
    this.#begin()
  }

  cancel(reason: Error): void {
    this.#breakOff(reason)
  }

  #begin(): void {
    const { method, target, body, timeouts } = this.#request
    const { address, agent } = this.#pool
    let req: ClientRequest
    try {
      req = httpRequest({
        agent,
        method,
        path: target,
        headers: [...this.#request.fields, ...toFraming(body, method)],
        setHost: false,
        insecureHTTPParser: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        ...(address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port }),
      })
    } catch (error) {
      this.#fail(new VaneError({ kind: 'internal' }, 'request that cannot be serialised', { cause: error }))
      return
    }
    // Node would drop what exceeds its count silently.
    req.maxHeadersCount = 0
    const attempt: Attempt = { req, isConnected: false, bytesReadBefore: 0 }
    this.#attempt = attempt
    this.#listen(attempt)
    this.#startClock(timeouts.connectMs, () => {
      if (req.socket !== null) return this.#toTimeout('connect', timeouts.connectMs)
      const message = `no connection to upstream ${this.#pool.name} became free in ${timeouts.connectMs} ms`
      return new VaneError({ kind: 'resource', reason: 'connection-pool' }, message)
    })
    if (body.kind === 'empty') req.end()
    else if (body.kind === 'fixed') req.end(body.bytes)
    else if (this.#request.expectsContinue) req.flushHeaders()
  }

  #listen(attempt: Attempt): void {
    const { req } = attempt
    const isCurrent = (): boolean => this.#attempt === attempt
    req.on('socket', (socket) => {
      if (!isCurrent()) return
      attempt.bytesReadBefore = socket.bytesRead
      if (socket.connecting) socket.once('connect', () => isCurrent() && this.#onConnected(attempt))
      else this.#onConnected(attempt)
    })
    req.on('continue', () => isCurrent() && this.#startUpload())
    req.on('information', (info) => {
      if (!isCurrent() || this.#isSettled || info.statusCode === 100) return
      if (++this.#interims > MAX_INTERIMS)
        this.#breakOff(malformed(this.#pool.name, `more than ${MAX_INTERIMS} interim ones before it`))
      else this.#request.onInterim(info.statusCode, new HeaderList(info.rawHeaders))
    })
    req.on('response', (res) => {
      if (isCurrent()) this.#onResponse(res)
      else res.destroy()
    })
    req.on('upgrade', (_res, socket) => {
      socket.on('error', () => {})
      socket.destroy()
      if (isCurrent()) this.#breakOff(malformed(this.#pool.name, 'a switch of protocols that nobody asked for'))
    })
    req.on('error', (error) => isCurrent() && this.#onError(attempt, error))
    req.on('close', () => isCurrent() && this.#onClose(attempt))
  }

  #onConnected(attempt: Attempt): void {
    if (this.#isSettled) return
    attempt.isConnected = true
    const { body, expectsContinue } = this.#request
    if (body.kind !== 'stream') this.#awaitFirstByte()
    else if (!expectsContinue) this.#startUpload()
    else {
      this.#stopClock()
      this.#clock = setTimeout(() => this.#startUpload(), CONTINUE_WAIT_MS)
    }
  }

  #startUpload(): void {
    const { body, timeouts } = this.#request
    if (body.kind !== 'stream' || this.#upload !== undefined || this.#isSettled) return
    // While the body moves, its own clocks run: the sender's idle clock and the stall clock of the sink.
    this.#stopClock()
    this.#upload = new OutgoingSink(this.#attempt.req, body, {
      stallMs: timeouts.idleMs,
      onStall: () => this.#breakOff(this.#toTimeout('idle', timeouts.idleMs)),
      onFail: (error) => this.#breakOff(error),
      onEnd: () => {
        if (!this.#isSettled) this.#awaitFirstByte()
      },
    })
    this.#upload.start()
  }

  #awaitFirstByte(): void {
    const { firstByteMs } = this.#request.timeouts
    this.#startClock(firstByteMs, () => this.#toTimeout('read', firstByteMs))
  }

  #onResponse(res: IncomingMessage): void {
    this.#stopClock()
    if (this.#isSettled) {
      res.destroy()
      return
    }
    let response: HttpResponse
    try {
      // Copied: Node's pool reads the list again for `Keep-Alive`.
      const { name } = this.#pool
      const head = parseResponseHead(res.statusCode ?? 0, res.rawHeaders.slice(), name)
      const { idleMs } = this.#request.timeouts
      const body = toResponseBody(res, head, {
        method: this.#request.method,
        upstream: name,
        idleMs,
        toIdleError: () => this.#toTimeout('idle', idleMs),
      })
      if (body.kind === 'stream' && body.source instanceof IncomingBody) this.#download = body.source
      response = { status: head.status, headers: head.headers, body }
    } catch (error) {
      res.on('error', () => {})
      this.#breakOff(error instanceof Error ? error : new Error(String(error)))
      return
    }
    res.once('end', () => {
      clearTimeout(this.#totalClock)
      // A body that was never asked for will not be sent: the connection is of no more use.
      if (this.#request.body.kind === 'stream' && this.#upload === undefined) this.#attempt.req.destroy()
    })
    this.#isSettled = true
    this.#resolve(response)
  }

  /** Bytes of the response may still be on their way to a slow reader: this alone breaks nothing off that has begun. */
  #onClose(attempt: Attempt): void {
    const cause = new Error('connection closed')
    if (!this.#isSettled) {
      this.#onError(attempt, cause)
      return
    }
    clearTimeout(this.#totalClock)
    this.#upload?.abandon(cause)
  }

  #onError(attempt: Attempt, cause: NodeJS.ErrnoException): void {
    if (this.#isSettled) {
      clearTimeout(this.#totalClock)
      // Node takes a body that only the end of the connection ends for complete, even where that end was a reset.
      this.#download?.break(
        toUpstreamError(cause, { upstream: this.#pool.name, isConnected: true, isIdlePickup: false }),
      )
      this.#upload?.abandon(cause)
      return
    }
    const { req, isConnected } = attempt
    const hasAnswered = (req.socket?.bytesRead ?? 0) > attempt.bytesReadBefore
    const isIdlePickup = req.reusedSocket && !hasAnswered
    if (isIdlePickup && !this.#hasRetried && this.#upload === undefined && IDEMPOTENT.has(this.#request.method)) {
      this.#hasRetried = true
      this.#pool.retries++
      this.#pool.dropIdle()
      this.#begin()
      return
    }
    this.#fail(toUpstreamError(cause, { upstream: this.#pool.name, isConnected, isIdlePickup }))
  }

  /** Ends the exchange wherever it stands, for a reason that did not come from its connection. */
  #breakOff(error: Error): void {
    if (!this.#isSettled) this.#fail(error)
    else this.#download?.break(error)
    clearTimeout(this.#totalClock)
    this.#upload?.abandon(error)
    this.#attempt.req.destroy()
  }

  #fail(error: Error): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#pool.failures++
    this.#stopClock()
    clearTimeout(this.#totalClock)
    this.#upload?.abandon(error)
    const { body } = this.#request
    if (body.kind === 'stream' && this.#upload === undefined) body.source.cancel(error)
    this.#reject(error)
  }

  #toTimeout(reason: TimeoutReason, limitMs: number): VaneError {
    const { name } = this.#pool
    const what = reason === 'read' ? 'first byte' : reason
    return new VaneError(
      { kind: 'timeout', reason },
      `upstream ${name} exceeded the ${what} timeout of ${limitMs} ms`,
      {
        context: { upstream: name },
      },
    )
  }

  #startClock(ms: number, toError: () => VaneError): void {
    this.#stopClock()
    this.#clock = setTimeout(() => this.#breakOff(toError()), ms)
  }

  #stopClock(): void {
    clearTimeout(this.#clock)
    this.#clock = undefined
  }
}
