import type { Socket } from 'node:net'
import { HeaderList } from 'vane-core'
import { ClientFault } from '../http1/client-fault.ts'
import type { HttpSession } from '../http1/server-codec.ts'
import type { Deadline } from '../time/deadline-clock.ts'
import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import { FloodGuard } from './flood-guard.ts'
import { INITIAL_WINDOW_BYTES, MAX_31_BIT, PREFACE, SETTING } from './frame-type.ts'
import type { FieldBlock } from './hpack/hpack-decoder.ts'
import { Http2Connection } from './http2-connection.ts'
import { type ExchangeTimes, Http2Exchange } from './http2-exchange.ts'
import { Http2Stream, type StreamOwner } from './http2-stream.ts'
import { toResponsePairs } from './outgoing-fields.ts'
import { parseRequestFields } from './request-fields.ts'
import type { Http2ServerLimits } from './http2-server-codec.ts'

/** How long a client may take to hear that the connection drains, before it is taken to have heard. */
const DRAIN_NOTICE_MS = 1_000
const DRAIN_PING = Buffer.from('drain   ', 'latin1')
/** Frames without content, such as priorities, that go with a request. */
const EMPTY_FRAMES_PER_REQUEST = 4

/** What the connections of a listener share. */
export interface ServerConnectionContext {
  readonly limits: Http2ServerLimits
  readonly times: ExchangeTimes
  /** The connection is gone. */
  onClosed(connection: ServerConnection): void
}

/** What a connection begins with. */
export interface ServerConnectionStart {
  readonly session: HttpSession
  /** Moment of `performance.now()` by which the first head has to be complete. */
  readonly headDeadlineMs: number
}

/** The connection of one client. */
export class ServerConnection extends Http2Connection implements Deadline {
  readonly #session: HttpSession
  readonly #limits: Http2ServerLimits
  readonly #headDeadlineMs: number
  readonly #context: ServerConnectionContext
  deadlineMs: number = Infinity
  clockIndex: number = -1
  /** Bytes of the preface that have not come yet. */
  #missingPreface: Buffer = PREFACE
  #drainTimer: NodeJS.Timeout | undefined
  /** `told`: new streams may still be on their way. `final`: none is begun any more. */
  #drain: 'no' | 'told' | 'final' = 'no'
  /** A request has come since the clock for the next one was set. */
  #isBusy = false

  constructor(socket: Socket, { session, headDeadlineMs }: ServerConnectionStart, context: ServerConnectionContext) {
    const { limits } = context
    super(
      socket,
      {
        isServer: true,
        settings: [
          [SETTING.maxConcurrentStreams, limits.maxStreamsPerConn],
          [SETTING.maxHeaderListSize, limits.maxHeaderBytes],
        ],
        streamWindowBytes: INITIAL_WINDOW_BYTES,
        // Streams must not hold each other back: one whose upstream does not read uses up its own window only.
        connectionWindowBytes: INITIAL_WINDOW_BYTES * limits.maxStreamsPerConn,
        maxHeaderBytes: limits.maxHeaderBytes,
        headerTimeoutMs: limits.headerTimeoutMs,
        writeStallTimeoutMs: limits.writeStallTimeoutMs,
      },
      new FloodGuard({
        requests: { burst: limits.maxRequestRatePerConn, perSecond: limits.maxRequestRatePerConn },
      }),
    )
    this.#session = session
    this.#limits = limits
    this.#context = context
    this.#headDeadlineMs = headDeadlineMs
    this.#setClock(headDeadlineMs - performance.now())
  }

  /** Lets the streams that are open finish, and takes no more once the client has heard of it (RFC 9113 §6.8). */
  drain(): void {
    if (this.#drain !== 'no' || this.isOver) return
    this.#drain = 'told'
    if (this.#missingPreface.length > 0) {
      this.finish()
      return
    }
    this.output.frames.goaway(MAX_31_BIT, ERROR_CODE.noError)
    this.output.frames.ping(DRAIN_PING, false)
    this.output.scheduleFlush()
    this.#drainTimer = setTimeout(() => this.#endDrain(), DRAIN_NOTICE_MS)
  }

  #endDrain(): void {
    if (this.isOver || this.#drain === 'final') return
    this.#drain = 'final'
    if (this.streams.size === 0) {
      this.finish()
      return
    }
    this.output.frames.goaway(this.lastStreamId, ERROR_CODE.noError)
    this.output.scheduleFlush()
  }

  /** A response is out, to its end: one that the client resets now and then is no attack. */
  onResponded(): void {
    this.guard.credit('resets', 1)
  }

  protected override read(chunk: Buffer): void {
    let rest = chunk
    if (this.#missingPreface.length > 0) {
      const length = Math.min(chunk.length, this.#missingPreface.length)
      if (chunk.compare(this.#missingPreface, 0, length, 0, length) !== 0) {
        this.fail(new ConnectionFault(ERROR_CODE.protocolError, 'malformed connection preface'))
        return
      }
      this.#missingPreface = this.#missingPreface.subarray(length)
      if (this.#missingPreface.length > 0) return
      this.#setClock(Math.min(this.#limits.keepAliveTimeoutMs, this.#headDeadlineMs - performance.now()))
      rest = chunk.subarray(length)
    }
    super.read(rest)
  }

  protected onStrangeHeaders(id: number, block: FieldBlock, endStream: boolean): void {
    if (id % 2 === 0 || id <= this.lastStreamId)
      throw new ConnectionFault(ERROR_CODE.protocolError, `HEADERS for stream ${id}, which a client cannot open now`)
    if (this.lastStreamId === 0) this.#setClock(this.#limits.keepAliveTimeoutMs)
    this.lastStreamId = id
    this.#isBusy = true
    this.guard.charge('requests')
    this.guard.credit('emptyFrames', EMPTY_FRAMES_PER_REQUEST)
    if (this.#drain === 'final') {
      this.refuseStream(id, ERROR_CODE.refusedStream)
      return
    }
    const { maxStreamsPerConn } = this.#limits
    if (this.streams.size >= maxStreamsPerConn) {
      this.#session.onLimitHit('max_streams_per_conn', `more than ${maxStreamsPerConn} open streams`)
      this.refuseStream(id, ERROR_CODE.refusedStream)
      this.guard.charge('resets')
      return
    }
    const stream = new Http2Stream(id, this, NOBODY)
    stream.isRemoteEnded = endStream
    try {
      const { maxHeadersCount } = this.#limits
      const head = parseRequestFields(block, { scheme: this.#session.scheme, maxHeadersCount })
      if (endStream && (head.length ?? 0) > 0) throw new ClientFault(400, 'content-length without content')
      const exchange = new Http2Exchange(head, stream, { connection: this, times: this.#context.times })
      stream.owner = exchange
      this.openStream(stream)
      this.#session.onExchange(exchange)
    } catch (error) {
      if (!(error instanceof ClientFault)) throw error
      this.#refuse(stream, error)
    }
  }

  /** Answers a request that never became an exchange. */
  #refuse(stream: Http2Stream, fault: ClientFault): void {
    this.#session.onRefused(fault.status, fault.message)
    this.sendHeaders(stream, toResponsePairs(fault.status, new HeaderList(), 0), true)
    if (fault.status === 431) this.drain()
    if (fault.status !== 400) {
      this.resetStream(stream, ERROR_CODE.noError)
      return
    }
    // Malformed: an error of the stream, whatever the response says (RFC 9113 §8.1.1).
    this.refuseStream(stream.id, ERROR_CODE.protocolError)
    this.guard.charge('resets')
  }

  protected onGoaway(): void {
    this.#drain = 'final'
    if (this.streams.size === 0) this.finish()
  }

  protected onStreamsChanged(): void {
    if (this.streams.size > 0 || this.isOver) return
    // SETTINGS are told of here, too, and put nothing off.
    if (this.#isBusy) {
      this.#isBusy = false
      this.#setClock(this.#limits.keepAliveTimeoutMs)
    }
    if (this.#drain === 'final') this.finish()
    else if (this.#session.isClosing()) this.drain()
  }

  protected override onPingAck(payload: Buffer): void {
    if (this.#drain === 'told' && payload.equals(DRAIN_PING)) this.#endDrain()
  }

  onHeaderTimeout(): void {
    this.#session.onRefused(408, `no complete head within ${this.#limits.headerTimeoutMs} ms`)
    this.finish()
  }

  protected onOver(fault: ConnectionFault | undefined): void {
    this.#context.times.clock.delete(this)
    clearTimeout(this.#drainTimer)
    if (fault?.limit !== undefined) this.#session.onLimitHit(fault.limit, fault.message)
    else if (fault !== undefined && fault.code !== ERROR_CODE.noError) this.#session.onRefused(400, fault.message)
    this.#context.onClosed(this)
  }

  /** For the clock alone. */
  onDeadline(): void {
    if (this.#missingPreface.length > 0 || (this.lastStreamId === 0 && this.isWithinHead)) this.onHeaderTimeout()
    // Nothing has begun: a browser that has connected ahead of need, and had none. Or nothing goes on; with streams open,
    // the clock is set anew at the end of the last.
    else if (this.streams.size === 0) this.finish()
  }

  #setClock(afterMs: number): void {
    const { clock } = this.#context.times
    clock.add(this)
    clock.set(this, afterMs)
  }
}

const NOBODY: StreamOwner = { onHeaders() {}, onRemoteEnd() {}, onReset() {}, onFault() {}, onLost() {} }
