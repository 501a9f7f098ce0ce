import { type HeaderList, type HttpRequest, type HttpResponse, VaneError } from 'vane-core'
import { resetSocket } from '../listen/reset-socket.ts'
import type { Deadline } from '../time/deadline-clock.ts'
import type { BodyPipe } from './body-pipe.ts'
import type { ClientFault } from './client-fault.ts'
import { ClientStall } from './client-stall.ts'
import { isHostOwned } from './hop-by-hop.ts'
import { type ContentOwner, MessageSink, writeTogether } from './message-sink.ts'
import type { DecodedRequest } from './request-decoder.ts'
import { encodeResponseHead, encodeStatusLine, type ResponseFraming } from './response-encoder.ts'
import type { ServerConnection } from './server-connection.ts'
import type { ExchangeEnd, ExchangeListener, ServerExchange, SwitchedSocket } from './server-codec.ts'
import { SlicedBody } from './sliced-body.ts'

/** Fixed bodies above this size go out piece by piece, so that a slow client can be told from one that takes nothing. */
const MAX_WHOLE_BYTES = 262_144

/** The request's body as the connection reads it. */
export interface RequestContent {
  /** Absent where there is no body, or where it came with the head. */
  readonly pipe: BodyPipe | undefined
  /** Bytes that came with the head. */
  readonly bytesIn: number
}

/** One HTTP/1.x request, and its response. */
export class Http1Exchange implements ServerExchange, ContentOwner, Deadline {
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly request: HttpRequest
  listener: ExchangeListener | undefined
  status: number | undefined
  error: Error | undefined
  /** The connection ends with the response. Set when it begins. */
  isLast = false
  readonly #connection: ServerConnection
  readonly #content: RequestContent
  readonly #expectsContinue: boolean
  #hasContinued = false
  #sink: MessageSink | undefined
  #fixedBytesOut = 0
  #untilClose = false
  /** All is written, and waits for the client to take it. */
  #awaitsDrain = false
  #hasEnded = false

  constructor(connection: ServerConnection, { request, expectsContinue }: DecodedRequest, content: RequestContent) {
    this.#connection = connection
    this.request = request
    this.#expectsContinue = expectsContinue
    this.#content = content
  }

  get bytesIn(): number {
    return this.#content.pipe?.bytes ?? this.#content.bytesIn
  }

  get bytesOut(): number {
    return this.#sink?.bytes ?? this.#fixedBytesOut
  }

  respond(response: HttpResponse, close: boolean): void {
    const { body } = response
    if (this.#hasEnded) {
      if (body.kind === 'stream')
        body.source.cancel(new VaneError({ kind: 'canceled' }, 'nobody is left to take the response'))
      return
    }
    const { method } = this.request
    const version = this.request.version === '1.0' ? '1.0' : '1.1'
    const { status } = response
    const hasContent = method !== 'HEAD' && status !== 204 && status !== 304
    let length = body.kind === 'fixed' ? body.bytes.length : body.kind === 'stream' ? body.length : 0
    let framing: ResponseFraming = 'none'
    if (!hasContent) {
      // What the content would be long is told where somebody knows it; an empty body is no knowledge (RFC 9110 §8.6).
      if (body.kind === 'empty' || status === 204) length = undefined
    } else if (length !== undefined) framing = 'length'
    else framing = version === '1.0' ? 'close' : 'chunked'
    const mayContinue = this.#expectsContinue && !this.#hasContinued && this.#content.pipe?.bytes === 0
    // Whether a client will still send the body it asked about, nobody can know.
    const isLast = close || framing === 'close' || mayContinue || this.#connection.isLastResponse()
    const { date, clock, limits } = this.#connection.context
    const head = encodeResponseHead(response, { version, framing, length, isLast, date: date.now() })
    this.isLast = isLast
    this.status = status
    this.#untilClose = framing === 'close'

    const { socket } = this.#connection
    if (!hasContent || body.kind === 'empty') {
      if (body.kind === 'stream') body.source.cancel(new VaneError({ kind: 'canceled' }, 'response has no content'))
      this.#onWritten(socket.write(head, 'latin1'))
    } else if (body.kind === 'fixed' && body.bytes.length <= MAX_WHOLE_BYTES) {
      this.#fixedBytesOut = body.bytes.length
      this.#onWritten(writeTogether(socket, { before: head, chunk: body.bytes, after: '' }))
    } else {
      const stream =
        body.kind === 'stream'
          ? body
          : ({ kind: 'stream', source: new SlicedBody(body.bytes), length: body.bytes.length } as const)
      const isChunked = framing === 'chunked'
      const options = { socket, clock, head, isChunked, stallMs: limits.writeStallTimeoutMs }
      this.#sink = new MessageSink(stream, options, this)
      this.#sink.start()
    }
  }

  inform(status: number, headers: HeaderList): void {
    if (this.#hasEnded || this.status !== undefined || this.request.version === '1.0') return
    if (status === 100) this.sendContinue()
    else if (status !== 101) {
      this.#connection.socket.write(`${encodeStatusLine(status)}${headers.toWire(isHostOwned)}\r\n`, 'latin1')
    }
  }

  /** Asks for the body, where the client waits to be asked. */
  sendContinue(): void {
    if (!this.#expectsContinue || this.#hasContinued || this.status !== undefined) return
    this.#hasContinued = true
    if (this.#content.pipe?.bytes === 0) this.#connection.socket.write(`${encodeStatusLine(100)}\r\n`, 'latin1')
  }

  switchProtocols(protocol: string, headers: HeaderList): SwitchedSocket | undefined {
    if (this.#hasEnded || this.status !== undefined || this.request.version !== '1.1') return undefined
    const head = `${encodeStatusLine(101)}${headers.toWire(isHostOwned)}connection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`
    this.status = 101
    this.isLast = true
    this.#hasEnded = true
    const { socket } = this.#connection
    const ahead = this.#connection.release()
    socket.write(head, 'latin1')
    return { socket, ahead }
  }

  cut(error: Error): void {
    if (this.#hasEnded) return
    this.error ??= error
    const { socket } = this.#connection
    // Where only the end of the connection marks the end of the body, an orderly end would pass for it.
    if (this.#untilClose) resetSocket(socket)
    else socket.destroy()
    this.#finish('cut')
  }

  /** The socket has room again. */
  onDrain(): void {
    if (this.#awaitsDrain) this.#finish('complete')
    else this.#sink?.onDrain()
  }

  /** The connection has closed under the exchange, for a reason that is its own or the client's. */
  onConnectionClosed(): void {
    this.#finish('client-gone')
  }

  /** The client was answered past the exchange: what followed its head was no valid HTTP. */
  onConnectionRefused(fault: ClientFault): void {
    if (this.#hasEnded) return
    this.error = fault
    this.status = fault.status
    this.#finish('cut')
  }

  onContentEnd(): void {
    this.#onWritten(!this.#connection.socket.writableNeedDrain)
  }

  onContentFail(error: Error): void {
    this.cut(error)
  }

  onContentStall(): void {
    const { writeStallTimeoutMs } = this.#connection.context.limits
    this.cut(new ClientStall(writeStallTimeoutMs))
  }

  onDeadline(): void {
    this.onContentStall()
  }

  #onWritten(hasRoom: boolean): void {
    if (hasRoom) {
      this.#finish('complete')
      return
    }
    // A clock of its own: the connection's may be the request body's.
    const { clock, limits } = this.#connection.context
    this.#awaitsDrain = true
    clock.add(this)
    clock.set(this, limits.writeStallTimeoutMs)
  }

  #finish(end: ExchangeEnd): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    if (this.#awaitsDrain) this.#connection.context.clock.delete(this)
    if (end !== 'complete') {
      const gone = 'client went away before the response was complete'
      this.#sink?.abandon(this.error ?? new VaneError({ kind: 'canceled' }, gone))
    }
    const nowMs = this.listener?.onEnd(end)
    if (end === 'complete') this.#connection.onResponded(this, nowMs)
  }
}
