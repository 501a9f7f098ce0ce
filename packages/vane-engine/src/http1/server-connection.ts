import type { Socket } from 'node:net'
import { type HttpRequest, toBody, VaneError } from 'vane-core'
import type { Deadline } from '../time/deadline-clock.ts'
import { AheadBytes } from './ahead-bytes.ts'
import type { BodyOwner } from './body-pipe.ts'
import { ChunkedDecoder } from './chunked-decoder.ts'
import { ClientFault } from './client-fault.ts'
import { toClientFault } from './to-client-fault.ts'
import { lingerThenDestroy, writeRawReply } from './raw-reply.ts'
import { ReceivedContent } from './received-content.ts'
import { CHUNKED_LENGTH, type DecodedRequest } from './request-decoder.ts'
import { RequestReader } from './request-reader.ts'
import type { HttpSession } from './server-codec.ts'
import type { ServerContext } from './server-context.ts'
import { Http1Exchange } from './server-exchange.ts'
import { listenToSocket, type SocketListener } from './socket-events.ts'
import { SocketFlow } from './socket-flow.ts'

/** Bytes of an unwanted request body that are read to the end, so that the connection can be kept. */
const MAX_DISCARD_BYTES = 65_536
/** First byte of a TLS record that carries a ClientHello (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16

/** One HTTP/1.x client connection: takes its bytes apart into requests and runs them one after the other. */
export class ServerConnection implements BodyOwner, Deadline, SocketListener {
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly socket: Socket
  readonly session: HttpSession
  readonly context: ServerContext
  /** The client would go on after the request at hand. */
  #persists = true
  /** The request whose response is not out yet. */
  #exchange: Http1Exchange | undefined
  readonly #flow: SocketFlow
  readonly #stopListening: () => void
  readonly #reader: RequestReader
  /** The request body that is coming in. */
  #content: ReceivedContent | undefined
  /** Nobody wants the rest of the body: it is read past everybody. */
  #isDiscarding = false
  /** What the client sent ahead of its turn. */
  readonly #ahead = new AheadBytes()
  /** The last response is out; only a body that somebody wants is still read. */
  #endsWithBody = false
  #isProcessing = false
  /** The response to the request whose content is coming in is out. */
  #hasResponded = false
  /** No further byte is looked at. */
  #isClosing = false
  /** No head is complete yet: the time for it has been running since the connection was accepted. */
  #awaitsFirstHead = true

  constructor(socket: Socket, session: HttpSession, context: ServerContext) {
    this.socket = socket
    this.session = session
    this.context = context
    const { decoder, limits } = context
    this.#flow = new SocketFlow(socket)
    this.#reader = new RequestReader(decoder, { scheme: session.scheme, maxBytes: limits.maxHeaderBytes })
    this.#stopListening = listenToSocket(socket, this)
    context.clock.add(this)
  }

  /** Begins to wait for the first head. Called once. */
  start(headDeadlineMs: number): void {
    this.context.clock.set(this, Math.max(0, headDeadlineMs - performance.now()))
  }

  /** Whether no request has begun. */
  get isIdle(): boolean {
    return this.#exchange === undefined && this.#content === undefined && !this.#reader.isPartial
  }

  /** Whether the response that goes out now is the connection's last. */
  isLastResponse(): boolean {
    if (!this.#persists || this.session.isClosing()) return true
    // A body has to be wanted by somebody, or be so short that it can be read past everybody.
    const content = this.#content
    if (content?.isBeingRead === false && content.remainingBytes > MAX_DISCARD_BYTES) return true
    // The client has ended its side, and nothing of it is left.
    return this.socket.readableEnded && this.#ahead.length === 0
  }

  /** Lets go of the socket, which is paused. @returns what the client had sent behind the request. */
  release(): Buffer {
    this.#stopListening()
    this.socket.pause()
    const ahead = this.#ahead.take()
    this.#exchange = undefined
    this.#stopReading()
    this.context.clock.delete(this)
    this.context.onClosed(this)
    return ahead
  }

  /** Ends an idle connection; one with a request goes on to its response. */
  closeIfIdle(): void {
    if (this.isIdle && !this.#isClosing) this.#close()
  }

  /** The response is out. @param nowMs of `performance.now()`, where somebody has just looked. */
  onResponded(exchange: Http1Exchange, nowMs: number | undefined): void {
    if (exchange !== this.#exchange) return
    this.#exchange = undefined
    this.#hasResponded = true
    const content = this.#content
    if (exchange.isLast && content?.isBeingRead !== true) {
      this.#close()
      return
    }
    if (exchange.isLast) {
      // An upload outlives an early response: the upstream may well be reading it still.
      this.#endsWithBody = true
      this.socket.end()
    } else if (content?.isBeingRead === false) {
      content.pipe.cancel(new VaneError({ kind: 'canceled' }, 'response is complete'))
      this.#flow.readOn()
    }
    this.#continue(nowMs)
  }

  onBodyStart(): void {
    this.#exchange?.sendContinue()
  }

  onBodyDrain(): void {
    this.context.clock.set(this, this.context.limits.bodyIdleTimeoutMs)
    this.#flow.readOn()
  }

  onBodyCancel(): void {
    // An early response promised to go on while somebody still read; nobody does now, and the rest may be without end.
    if (this.#hasResponded && (this.#content?.remainingBytes ?? 0) > MAX_DISCARD_BYTES) {
      this.#close()
      return
    }
    this.#isDiscarding = true
    this.context.clock.set(this, this.context.limits.bodyIdleTimeoutMs)
    this.#flow.readOn()
  }

  onDeadline(): void {
    const { bodyIdleTimeoutMs, headerTimeoutMs } = this.context.limits
    const content = this.#content
    if (this.#isDiscarding || this.#endsWithBody) {
      // Its response is out or under way: there is nobody left to tell.
      this.session.onLimitHit('body_idle_timeout', `no byte of the request body for ${bodyIdleTimeoutMs} ms`)
      this.socket.destroy()
    } else if (content !== undefined) {
      this.#stopReading()
      content.pipe.break(new ClientFault(408, `no byte of the request body for ${bodyIdleTimeoutMs} ms`))
    } else if (this.#reader.isPartial) {
      this.#refuse(new ClientFault(408, `request head not complete after ${headerTimeoutMs} ms`))
    } else this.#close()
  }

  onData(bytes: Buffer): void {
    if (this.#isClosing) return
    let rest = bytes
    if (this.#content !== undefined) {
      const end = this.#takeContent(this.#content, bytes, 0)
      this.#regulate()
      if (end === bytes.length || this.#isClosing) return
      rest = bytes.subarray(end)
    }
    if (this.#isFree && this.#ahead.length === 0) this.#process(rest)
    else this.#keepAhead(rest)
  }

  /** Whether the next request may begin. */
  get #isFree(): boolean {
    return this.#exchange === undefined && this.#content === undefined
  }

  #keepAhead(bytes: Buffer): void {
    if (this.#ahead.add(bytes)) this.#flow.pause()
  }

  /** Goes on with what the client sent ahead, if it is its turn; else waits for what comes next. */
  #continue(nowMs?: number): void {
    if (this.#isProcessing || this.#isClosing || !this.#isFree) return
    const { clock, limits } = this.context
    const { socket } = this
    if (this.#endsWithBody) this.#close()
    else if (this.#ahead.length > 0 && !socket.writableNeedDrain) {
      this.#flow.readOn()
      this.#process(this.#ahead.take())
    } else if (this.#ahead.length > 0) {
      // A client that takes nothing is not served further, and not waited for without end.
      this.#flow.pause()
      clock.set(this, limits.writeStallTimeoutMs)
    } else if (this.#reader.isPartial) {
      if (socket.readableEnded) this.#refuse(new ClientFault(400, 'connection ended within the request head'))
      else if (this.deadlineMs === Infinity) clock.set(this, limits.headerTimeoutMs)
    } else if (socket.readableEnded || this.session.isClosing()) this.#close()
    else {
      this.#flow.readOn()
      if (!this.#awaitsFirstHead) clock.set(this, limits.keepAliveTimeoutMs, nowMs)
    }
  }

  /** Runs requests out of bytes for as long as each is answered at once. */
  #process(bytes: Buffer): void {
    // What runs for a connection that waits ends here; the next wait has a limit of its own.
    if (!this.#reader.isPartial && !this.#awaitsFirstHead) this.context.clock.clear(this)
    this.#isProcessing = true
    let at = 0
    try {
      // A response that nobody takes holds up the requests behind it.
      while (at < bytes.length && !this.#isClosing && this.#isFree && !this.socket.writableNeedDrain) {
        if (bytes[at] === TLS_HANDSHAKE && !this.#reader.isPartial) {
          // Its client could not read an answer in clear.
          this.#stopReading()
          this.socket.destroy()
          break
        }
        const decoded = this.#reader.read(bytes, at)
        at = this.#reader.end
        if (decoded !== undefined) at = this.#begin(decoded, bytes, at)
      }
    } catch (error) {
      this.#refuse(error)
    }
    this.#isProcessing = false
    if (at < bytes.length && !this.#isClosing) this.#keepAhead(at === 0 ? bytes : bytes.subarray(at))
    // What was answered at once left nobody who would go on.
    this.#continue()
  }

  /** @returns the index behind what of the bytes belongs to the request. */
  #begin(decoded: DecodedRequest, bytes: Buffer, from: number): number {
    const { request, bodyLength } = decoded
    this.context.clock.clear(this)
    this.#awaitsFirstHead = false
    this.#persists = decoded.persists
    this.#hasResponded = false
    let at = from
    let bytesIn = 0
    if (bodyLength === CHUNKED_LENGTH) {
      const { decoder, limits } = this.context
      this.#openBody(request, new ChunkedDecoder(decoder.scanner, limits.maxHeaderBytes))
    } else if (bodyLength > 0 && bodyLength <= bytes.length - from) {
      at = from + bodyLength
      bytesIn = bodyLength
      request.body = toBody(bytes.subarray(from, at))
    } else if (bodyLength > 0) this.#openBody(request, bodyLength)
    const content = this.#content
    if (content !== undefined && at < bytes.length) at = this.#takeContent(content, bytes, at)
    // What has ended will not bring the rest: these bytes were sent ahead, and are all there is.
    if (this.#content !== undefined && this.socket.readableEnded)
      throw new ClientFault(400, 'connection ended within the request body')
    if (this.#isClosing) return at
    this.#exchange = new Http1Exchange(this, decoded, { pipe: content?.pipe, bytesIn })
    this.session.onExchange(this.#exchange)
    this.#regulate()
    return at
  }

  #openBody(request: HttpRequest, framing: number | ChunkedDecoder): void {
    this.#isDiscarding = false
    this.#content = new ReceivedContent(this, framing)
    const length = typeof framing === 'number' ? framing : undefined
    request.body = { kind: 'stream', source: this.#content.pipe, length }
  }

  /** @returns the index behind what belongs to the body. */
  #takeContent(content: ReceivedContent, bytes: Buffer, from: number): number {
    let at: number
    try {
      at = content.take(bytes, from)
    } catch (error) {
      this.#refuse(error)
      return bytes.length
    }
    // What was handed on may have ended everything.
    if (this.#content === content && content.isComplete) {
      this.#content = undefined
      this.#isDiscarding = false
      this.context.clock.clear(this)
      content.finish()
      this.#continue()
    }
    return at
  }

  /** Reads at the pace of whoever takes the body. */
  #regulate(): void {
    const content = this.#content
    if (content === undefined || this.#isDiscarding) return
    if (content.pipe.isBlocked) {
      this.context.clock.clear(this)
      this.#flow.pause()
    } else this.context.clock.set(this, this.context.limits.bodyIdleTimeoutMs)
  }

  /** Nothing that follows can be understood, or will be waited for. */
  #stopReading(): void {
    this.#isClosing = true
    this.#persists = false
    this.#content = undefined
    this.#ahead.drop()
    this.#reader.drop()
    this.context.clock.clear(this)
  }

  /** Answers a client that broke the protocol, past the graph, and closes. */
  #refuse(error: unknown): void {
    const fault = toClientFault(error)
    if (fault === undefined) {
      // Something of ours broke while it handled this connection: it ends, and no other.
      this.session.onRefused(500, error instanceof Error ? (error.stack ?? error.message) : String(error))
      this.#stopReading()
      this.socket.destroy()
      return
    }
    const exchange = this.#exchange
    const content = this.#content
    if (content !== undefined && this.#hasResponded) {
      // Its request has had its response, and must not get another one.
      content.pipe.break(fault)
      this.#close()
      return
    }
    this.#stopReading()
    if (exchange === undefined) this.session.onRefused(fault.status, fault.message)
    const isAnswering = exchange?.status !== undefined
    if (isAnswering || !this.socket.writable) this.socket.destroy()
    else writeRawReply(this.socket, fault.status)
    this.#exchange = undefined
    exchange?.onConnectionRefused(fault)
    content?.pipe.break(fault)
  }

  onEnd(): void {
    if (this.#isClosing) return
    if (this.#content !== undefined) this.#refuse(new ClientFault(400, 'connection ended within the request body'))
    else this.#continue()
  }

  onDrain(): void {
    if (this.#exchange === undefined) this.#continue()
    else this.#exchange.onDrain()
  }

  onClose(): void {
    const exchange = this.#exchange
    const content = this.#content
    this.#stopReading()
    this.#exchange = undefined
    this.context.clock.delete(this)
    this.context.onClosed(this)
    content?.pipe.break(new VaneError({ kind: 'canceled' }, 'client went away within its request'))
    exchange?.onConnectionClosed()
  }

  /** Ends the connection in good order. */
  #close(): void {
    const content = this.#content
    this.#stopReading()
    const { socket } = this
    if (socket.destroyed) return
    content?.pipe.cancel(new VaneError({ kind: 'canceled' }, 'response is complete'))
    socket.end()
    lingerThenDestroy(socket, this.context.limits.writeStallTimeoutMs)
  }
}
