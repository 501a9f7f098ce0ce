import type { ConnectionOwner } from './connection-owner.ts'
import type { Socket } from 'node:net'
import { type Body, EMPTY_BODY, toBody, VaneError } from 'vane-core'
import type { BodyOwner } from '../http1/body-pipe.ts'
import { ChunkedDecoder } from '../http1/chunked-decoder.ts'
import { HeadAssembler } from '../http1/head-assembler.ts'
import { HeadFault } from '../http1/head-fault.ts'
import { ReceivedContent } from '../http1/received-content.ts'
import type { DecodedResponse } from '../http1/response-decoder.ts'
import { SocketFlow } from '../http1/socket-flow.ts'
import type { Deadline } from '../time/deadline-clock.ts'
import { NO_CONTENT } from './no-content.ts'
import { malformed, toConnectTimeout, toTimeout, toUpstreamError } from './upstream-error.ts'
import type { Http1UpstreamExchange } from './upstream-exchange.ts'

/** Interim responses one request may get. */
const MAX_INTERIMS = 16
/** Unwanted rest of a response that is read to its end, so that its connection can be kept. */
const MAX_DISCARD_BYTES = 65_536
const DISCARD_MS = 5_000

/** What a connection's clock is running for. */
type Phase = 'connect' | 'continue' | 'read' | 'body' | 'discard' | 'idle'

/** One HTTP/1.1 connection to an upstream: carries one request at a time, and takes its response apart. */
export class UpstreamConnection implements BodyOwner, Deadline {
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly socket: Socket
  /** Requests that it has been given. */
  requests = 0
  isConnected = false
  /** A byte has come for the request at hand: of a head, or of an interim one. */
  hasAnswered = false
  readonly #owner: ConnectionOwner
  readonly #onBytes = (bytes: Buffer): void => this.#onData(bytes)
  readonly #onEnded = (): void => this.#onEnd()
  #exchange: Http1UpstreamExchange | undefined
  #phase: Phase = 'connect'
  #phaseMs = 0
  readonly #flow: SocketFlow
  readonly #heads: HeadAssembler<DecodedResponse>
  #interims = 0
  #content: ReceivedContent | undefined
  /** The head of the final response is there. */
  #hasBegun = false
  #persists = false
  /** It leads to where the upstream no longer is. */
  #isLeaving = false
  #isResponseDone = false
  #isClosed = false
  #error: Error | undefined

  /** @param readyEvent of the socket, from which on it takes a request. */
  constructor(socket: Socket, owner: ConnectionOwner, readyEvent: 'connect' | 'secureConnect') {
    this.socket = socket
    this.#owner = owner
    this.#heads = new HeadAssembler((bytes, from) => owner.decoder.decode(bytes, from), owner.maxHeaderBytes)
    this.#flow = new SocketFlow(socket)
    owner.clock.add(this)
    socket.on('error', (error) => (this.#error ??= this.isConnected ? error : owner.explain(error)))
    socket.on('close', () => this.#onClose())
    socket.once(readyEvent, () => this.#onConnect())
    socket.on('data', this.#onBytes)
    socket.on('end', this.#onEnded)
    socket.on('drain', () => this.#exchange?.onDrain())
  }

  /**
   * Takes a request on; once connected, the exchange writes it.
   *
   * @param nowMs of `performance.now()`, where somebody has just looked.
   */
  run(exchange: Http1UpstreamExchange, nowMs?: number): void {
    this.requests++
    this.hasAnswered = false
    this.#hasBegun = false
    this.#interims = 0
    this.#isResponseDone = false
    this.#exchange = exchange
    if (this.isConnected) exchange.onConnected(this, nowMs)
    else this.#startClock('connect', exchange.request.timeouts.connectMs, nowMs)
  }

  /**
   * The request is out: the response is due.
   *
   * @param nowMs of `performance.now()`, where somebody has just looked.
   */
  awaitResponse(nowMs?: number): void {
    if (!this.#hasBegun) this.#startClock('read', this.#exchange!.request.timeouts.firstByteMs, nowMs)
  }

  /** The request's body waits for `100 Continue`. */
  awaitContinue(ms: number): void {
    this.#startClock('continue', ms)
  }

  /** The request's body moves: its own clocks run. */
  stopClock(): void {
    this.#owner.clock.clear(this)
  }

  /** Whether it can take a request: its peer may have closed it a moment ago. */
  get isUsable(): boolean {
    const { socket } = this
    return !socket.destroyed && socket.writable && !socket.readableEnded
  }

  /** Takes no further request: closes now, or after the one that is on it. */
  leave(): void {
    this.#isLeaving = true
    if (this.isConnected && this.#exchange === undefined && this.#content === undefined) this.socket.destroy()
  }

  /** The upload is over; where the response is as well, the connection is free. */
  onUploaded(): void {
    if (this.#isResponseDone) this.#finish()
    else this.awaitResponse()
  }

  /** Ends the connection and what is on it. */
  abort(error: Error): void {
    this.#exchange = undefined
    const content = this.#content
    this.#content = undefined
    this.socket.destroy()
    content?.pipe.break(error)
  }

  onBodyStart(): void {}

  onBodyDrain(): void {
    this.#startClock('body', this.#exchange?.request.timeouts.idleMs ?? DISCARD_MS)
    this.#flow.readOn()
  }

  onBodyCancel(reason: Error): void {
    const isSmall = (this.#content?.remainingBytes ?? 0) <= MAX_DISCARD_BYTES
    if (!isSmall || (reason instanceof VaneError && reason.kind === 'canceled')) {
      this.socket.destroy()
      return
    }
    this.#startClock('discard', DISCARD_MS)
    this.#flow.readOn()
  }

  onDeadline(): void {
    const exchange = this.#exchange
    switch (this.#phase) {
      case 'idle':
      case 'discard':
        this.socket.destroy()
        break
      case 'continue':
        exchange?.startUpload()
        break
      case 'connect':
        exchange?.breakOff(toConnectTimeout(this.#owner.name, this.#phaseMs, this.#owner.isResolving))
        break
      case 'read':
        exchange?.breakOff(toTimeout(this.#owner.name, this.#phase, this.#phaseMs))
        break
      case 'body':
        this.#failWith(toTimeout(this.#owner.name, 'idle', this.#phaseMs))
        break
    }
  }

  #onConnect(): void {
    this.isConnected = true
    if (this.#exchange === undefined) this.#becomeFree()
    else this.#exchange.onConnected(this)
  }

  #onData(bytes: Buffer): void {
    const exchange = this.#exchange
    if (exchange === undefined || this.#isResponseDone) {
      // Bytes that no request asked for could be taken for the answer to the next one.
      this.socket.destroy()
      return
    }
    this.hasAnswered = true
    try {
      if (this.#content === undefined) this.#readHeads(bytes)
      else {
        this.#takeContent(this.#content, bytes, 0)
        this.#regulate()
      }
    } catch (error) {
      if (error instanceof HeadFault) this.#failWith(malformed(this.#owner.name, error.message))
      // Not of the upstream's making. The connection may be another's by now: it is this exchange that ends.
      else exchange.breakOff(new VaneError({ kind: 'internal' }, 'response could not be handled', { cause: error }))
    }
  }

  #readHeads(bytes: Buffer): void {
    const heads = this.#heads
    let at = 0
    while (at < bytes.length && this.#exchange !== undefined) {
      const decoded = heads.take(bytes, at)
      if (decoded === undefined) return
      at = heads.end
      if (decoded.status === 101 && this.#exchange.request.upgrade !== undefined) {
        this.#switch(this.#exchange, decoded, bytes.subarray(at))
        return
      }
      if (decoded.status >= 200) {
        this.#begin(decoded, bytes, at)
        return
      }
      this.#onInterim(decoded)
    }
  }

  /** Lets go of the socket, which is the exchange's from now on. */
  #switch(exchange: Http1UpstreamExchange, { headers, switchesTo }: DecodedResponse, ahead: Buffer): void {
    // To carry bytes of a protocol that nobody asked for would be to carry them for whoever could make the upstream say so.
    if (switchesTo !== exchange.request.upgrade) throw new HeadFault('a switch to another protocol than was asked for')
    const { socket } = this
    socket.off('data', this.#onBytes)
    socket.off('end', this.#onEnded)
    socket.pause()
    // In a tunnel the end of one direction is not that of the other.
    socket.allowHalfOpen = true
    this.#exchange = undefined
    this.#owner.clock.delete(this)
    this.#owner.onSwitched(this)
    exchange.onSwitched(headers, { socket, ahead })
  }

  #onInterim({ status, headers }: DecodedResponse): void {
    if (++this.#interims > MAX_INTERIMS) throw new HeadFault(`more than ${MAX_INTERIMS} interim ones before it`)
    if (status === 101) throw new HeadFault('a switch of protocols that nobody asked for')
    if (status === 100) this.#exchange!.startUpload()
    else this.#exchange!.onInterim(status, headers)
  }

  #begin(decoded: DecodedResponse, bytes: Buffer, from: number): void {
    const exchange = this.#exchange!
    const { status, headers, length, isChunked, version } = decoded
    this.#hasBegun = true
    this.#persists = decoded.persists
    const hasContent = exchange.request.method !== 'HEAD' && status !== 204 && status !== 304
    let body: Body
    let at = from
    if (!hasContent || length === 0) {
      const isDeclared = !hasContent && length !== undefined && status !== 204
      body = isDeclared ? { kind: 'stream', source: NO_CONTENT, length } : EMPTY_BODY
    } else if (length !== undefined && length <= bytes.length - from) {
      at = from + length
      body = toBody(bytes.subarray(from, at))
    } else {
      const { decoder, maxHeaderBytes } = this.#owner
      const framing = isChunked ? new ChunkedDecoder(decoder.scanner, maxHeaderBytes) : length
      const content = new ReceivedContent(this, framing)
      this.#content = content
      this.stopClock()
      if (at < bytes.length) this.#takeContent(content, bytes, at)
      exchange.onResponse({ status, headers, body: { kind: 'stream', source: content.pipe, length } }, version)
      this.#regulate()
      return
    }
    // Free before the answer is passed on: what follows it may want the connection.
    this.stopClock()
    if (at < bytes.length) this.#persists = false
    const nowMs = performance.now()
    this.#endResponse(nowMs)
    exchange.onResponse({ status, headers, body }, version, nowMs)
  }

  #takeContent(content: ReceivedContent, bytes: Buffer, from: number): void {
    const at = content.take(bytes, from)
    // What was handed on may have ended everything.
    if (this.#content !== content || !content.isComplete) return
    if (at < bytes.length) this.#persists = false
    this.#endContent(content)
  }

  /** Reads at the pace of whoever takes the body. */
  #regulate(): void {
    const content = this.#content
    if (content === undefined) return
    if (content.pipe.isBlocked) {
      this.stopClock()
      this.#flow.pause()
    } else if (content.pipe.isWanted) {
      this.#startClock('body', this.#exchange?.request.timeouts.idleMs ?? DISCARD_MS)
    }
  }

  #endContent(content: ReceivedContent): void {
    this.#content = undefined
    this.stopClock()
    this.#endResponse()
    content.finish()
  }

  #endResponse(nowMs?: number): void {
    this.#isResponseDone = true
    const exchange = this.#exchange
    // Who answers before it has read the body may take the rest of it for the next request, and answer that.
    if (exchange?.isSentBy(this.socket) === false) this.#persists = false
    exchange?.onResponseDone()
    if (exchange === undefined || exchange.isUploaded) this.#finish(nowMs)
  }

  /** Request and response are over: the next request, or the end. */
  #finish(nowMs?: number): void {
    const exchange = this.#exchange
    exchange?.onReleased()
    this.#exchange = undefined
    const { socket } = this
    if (this.#persists && !this.#isLeaving && !this.#isClosed && this.isUsable) this.#becomeFree(nowMs)
    else if (exchange === undefined || socket.writableLength === 0) socket.destroy()
    else {
      // The end of the request's body is still on its way out.
      this.#startClock('discard', exchange.request.timeouts.idleMs)
      socket.destroySoon()
    }
  }

  #becomeFree(nowMs?: number): void {
    this.#flow.readOn()
    this.#startClock('idle', this.#owner.idleTimeoutMs, nowMs)
    this.#owner.onFree(this)
  }

  #onEnd(): void {
    const content = this.#content
    if (content?.endsWithConnection === true) {
      this.#persists = false
      this.#endContent(content)
    } else this.socket.destroy()
  }

  #failWith(error: Error): void {
    const exchange = this.#exchange
    if (exchange === undefined) this.abort(error)
    else exchange.breakOff(error)
  }

  #onClose(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const { clock, name } = this.#owner
    clock.delete(this)
    this.#owner.onClosed(this)
    const exchange = this.#exchange
    const content = this.#content
    this.#exchange = undefined
    this.#content = undefined
    const cause = this.#error ?? new Error('connection closed')
    exchange?.onConnectionLost(this, cause)
    content?.pipe.break(
      toUpstreamError(cause, { upstream: name, isConnected: true, hasAnswered: true, isIdlePickup: false }),
    )
  }

  #startClock(phase: Phase, ms: number, nowMs?: number): void {
    this.#phase = phase
    this.#phaseMs = ms
    this.#owner.clock.set(this, ms, nowMs)
  }
}
