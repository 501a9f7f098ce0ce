import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { EMPTY_BODY, type HeaderList, type HttpRequest, type HttpResponse, type StreamBody, VaneError } from 'vane-core'
import { ClientFault } from './client-fault.ts'
import { isHopByHop, isHostOwned } from './hop-by-hop.ts'
import { IncomingBody } from './incoming-body.ts'
import { OutgoingSink } from './outgoing-sink.ts'
import { lingerThenDestroy } from './raw-reply.ts'
import type { RequestHead } from './request-head.ts'
import type { ExchangeEnd, HttpSession, ServerExchange } from './server-codec.ts'
import { resetSocket } from '../listen/reset-socket.ts'

/** Bytes of an unwanted request body that are read to the end, so that the connection can be kept. */
const MAX_DISCARD_BYTES = 65_536

/** What an exchange needs besides Node's two message objects. */
export interface NodeExchangeOptions {
  readonly head: RequestHead
  readonly session: HttpSession
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean
  readonly bodyIdleTimeoutMs: number
  readonly writeStallTimeoutMs: number
}

/** One request and its response on Node's `http` server. */
export class NodeExchange implements ServerExchange {
  readonly request: HttpRequest
  onEnd: (end: ExchangeEnd) => void = () => {}
  status: number | undefined
  error: Error | undefined
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #options: NodeExchangeOptions
  readonly #requestBody: IncomingBody | undefined
  #sink: OutgoingSink | undefined
  #fixedBytesOut = 0
  /** Whether the connection ends with this response. */
  isLast = false
  #continued = false
  #untilClose = false
  #ended = false

  constructor(req: IncomingMessage, res: ServerResponse, options: NodeExchangeOptions) {
    this.#req = req
    this.#res = res
    this.#options = options
    const { bodyLength, ...head } = options.head
    if (bodyLength === 0) {
      req.on('error', () => {})
      req.resume()
      this.request = { ...head, body: EMPTY_BODY }
    } else {
      this.#requestBody = this.#toBody()
      this.request = { ...head, body: { kind: 'stream', source: this.#requestBody, length: bodyLength } }
    }
    res.on('error', () => {})
    res.on('finish', () => this.#finish('complete'))
  }

  get bytesIn(): number {
    return this.#requestBody?.bytes ?? 0
  }

  get bytesOut(): number {
    return this.#sink?.bytes ?? this.#fixedBytesOut
  }

  #toBody(): IncomingBody {
    const req = this.#req
    return new IncomingBody(req, {
      idleMs: this.#options.bodyIdleTimeoutMs,
      toIdleError: () => new ClientFault(408, `no byte of the request body for ${this.#options.bodyIdleTimeoutMs} ms`),
      toBrokenError: (cause) => new VaneError({ kind: 'canceled' }, 'client went away within its request', { cause }),
      onStart: () => {
        if (this.#options.expectsContinue && !this.#res.headersSent) {
          this.#continued = true
          this.#res.writeContinue()
        }
      },
      discard: () => {
        req.resume()
      },
    })
  }

  respond(response: HttpResponse, close: boolean): void {
    const res = this.#res
    const { status, body } = response
    if (this.#ended) {
      if (body.kind === 'stream')
        body.source.cancel(new VaneError({ kind: 'canceled' }, 'nobody is left to take the response'))
      return
    }
    const { version, method } = this.request
    const hasContent = method !== 'HEAD' && status !== 204 && status !== 304
    const length =
      body.kind === 'empty' ? (hasContent ? 0 : undefined) : body.kind === 'fixed' ? body.bytes.length : body.length
    const isChunked = hasContent && length === undefined && version !== '1.0'
    this.#untilClose = hasContent && length === undefined && !isChunked
    const closing = this.#mustClose(close)
    this.isLast = closing

    response.headers.filter((name) => !isHostOwned(name))
    const fields = response.headers.rawPairs().slice()
    if (isChunked) fields.push('transfer-encoding', 'chunked')
    else if (length !== undefined && status !== 204) fields.push('content-length', String(length))
    if (closing) fields.push('connection', 'close')
    else if (version === '1.0') fields.push('connection', 'keep-alive')
    // HTTP/1.1 persists without saying so; left alone, Node would say it, and for how long.
    else res.removeHeader('connection')
    res.writeHead(status, STATUS_CODES[status] ?? '', fields)
    this.status = status

    if (closing) this.#lingerOnClose()
    if (body.kind === 'stream' && hasContent) this.#stream(body)
    else {
      if (body.kind === 'stream') body.source.cancel(new VaneError({ kind: 'canceled' }, 'response has no content'))
      if (body.kind === 'fixed' && hasContent) {
        this.#fixedBytesOut = body.bytes.length
        res.end(body.bytes)
      } else res.end()
    }
  }

  #stream(body: StreamBody): void {
    const { writeStallTimeoutMs } = this.#options
    this.#sink = new OutgoingSink(this.#res, body, {
      stallMs: writeStallTimeoutMs,
      onStall: () =>
        this.cut(
          new VaneError({ kind: 'timeout', reason: 'idle' }, `client took nothing for ${writeStallTimeoutMs} ms`),
        ),
      onFail: (error) => this.cut(error),
    })
    this.#sink.start()
  }

  inform(status: number, headers: HeaderList): void {
    const res = this.#res
    if (this.#ended || res.headersSent || this.status !== undefined || this.request.version === '1.0') return
    if (status === 100) {
      if (!this.#options.expectsContinue || this.#continued) return
      this.#continued = true
      res.writeContinue()
      return
    }
    headers.filter((name) => !isHopByHop(name) && name !== 'content-length')
    // Node 24 has no such method: interim responses may be dropped (RFC 9110 §15.2).
    if (status !== 101 && typeof res.writeInformation === 'function')
      res.writeInformation(status, headers.rawPairs().slice())
  }

  cut(error: Error): void {
    if (this.#ended) return
    this.error ??= error
    const { socket } = this.#res
    if (socket !== null) {
      // Where only the end of the connection marks the end of the body, an orderly end would pass for it.
      if (this.#untilClose && this.status !== undefined) resetSocket(socket)
      else socket.destroy()
    } else {
      // A pipelined request whose turn to answer has not come: those before it keep their responses.
      this.#res.once('socket', (turn: Socket) => void turn.destroy())
    }
    this.#finish('cut')
  }

  /** The connection has closed under the exchange, for a reason that is its own or the client's. */
  connectionClosed(): void {
    this.#requestBody?.break(new VaneError({ kind: 'canceled' }, 'client went away within its request'))
    this.#finish('client-gone')
  }

  /** The client was answered past the exchange: what followed its head was no valid HTTP. */
  connectionRefused(fault: ClientFault): void {
    if (this.#ended) return
    this.error = fault
    this.status = fault.status
    this.#requestBody?.break(fault)
    this.#finish('cut')
  }

  #finish(end: ExchangeEnd): void {
    if (this.#ended) return
    this.#ended = true
    if (end !== 'complete') {
      this.#sink?.abandon(
        this.error ?? new VaneError({ kind: 'canceled' }, 'client went away before the response was complete'),
      )
    } else if (this.#hasUnreadRequest() && this.#requestBody?.wanted !== true) {
      this.#discardRequest()
    }
    this.onEnd(end)
  }

  #hasUnreadRequest(): boolean {
    return this.#requestBody !== undefined && !this.#req.complete
  }

  #mustClose(close: boolean): boolean {
    const { expectsContinue, head, session } = this.#options
    if (close || this.#untilClose || !this.#res.shouldKeepAlive || session.isClosing() || head.asksUpgrade) return true
    // The client has ended its side: no further request can come.
    if (this.#req.socket.readableEnded) return true
    const body = this.#requestBody
    if (body === undefined || this.#req.complete) return false
    // Whether the client will still send the body it asked about, nobody can know.
    if (expectsContinue && !this.#continued) return true
    if (body.wanted) return false
    const { bodyLength } = this.#options.head
    return bodyLength === undefined || bodyLength > MAX_DISCARD_BYTES
  }

  /** Node destroys the socket after the last response; with a request still coming in, that would send a reset. */
  #lingerOnClose(): void {
    if (!this.#hasUnreadRequest()) return
    const linger = (socket: NonNullable<ServerResponse['socket']>): void => {
      socket.destroySoon = () => {
        socket.end()
        lingerThenDestroy(socket)
      }
    }
    if (this.#res.socket !== null) linger(this.#res.socket)
    else this.#res.once('socket', linger)
  }

  /** Reads the rest of an unwanted body past everybody, for a bounded time. */
  #discardRequest(): void {
    const { socket } = this.#req
    this.#req.resume()
    const timer = setTimeout(() => socket.destroy(), this.#options.bodyIdleTimeoutMs)
    this.#req.once('end', () => clearTimeout(timer))
    socket.once('close', () => clearTimeout(timer))
  }
}
