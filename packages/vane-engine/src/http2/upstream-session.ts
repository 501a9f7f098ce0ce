import type { Socket } from 'node:net'
import type { Deadline, DeadlineClock } from '../time/deadline-clock.ts'
import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import { FloodGuard } from './flood-guard.ts'
import { MAX_31_BIT, PREFACE, SETTING } from './frame-type.ts'
import { Http2Connection } from './http2-connection.ts'
import { Http2Stream, type StreamOwner } from './http2-stream.ts'
import type { DialedSocket } from '../upstream/dial.ts'

/** Streams of one connection; a stream that nobody reads may fill its window, and none may hold up the others. */
const MAX_STREAMS = 100
const STREAM_WINDOW_BYTES = 131_072
const PING = Buffer.from('alive?  ', 'latin1')

/** Limits and clocks of a connection to an upstream. */
export interface UpstreamSessionOptions {
  /** Response heads. */
  readonly maxHeaderBytes: number
  /** How long a connection may stay without a stream. */
  readonly idleTimeoutMs: number
  /** Silence after which a connection with streams is asked whether it lives, and for as long again until it counts as dead. */
  readonly pingAfterMs: number
  /** How long an upstream may leave unread what was written, or let a head hang. */
  readonly stallMs: number
  /** Puts the failure of a handshake into words; `undefined` for what was none. */
  readonly explain?: ((error: Error) => Error | undefined) | undefined
}

/** A request that is to become a stream. */
export interface PlacedRequest extends StreamOwner {
  /** The session takes it now. */
  onReady(session: UpstreamSession): void
  /** The connection could not be made, or the upstream does not speak HTTP/2 there. */
  onUnconnected(error: Error): void
  /** The upstream has said that it did not begin with it. */
  onUnprocessed(): void
}

/** Who sessions belong to. */
export interface SessionOwner {
  readonly clock: DeadlineClock
  /** It takes more, or other, requests than before. */
  onCapacity(session: UpstreamSession): void
  onClosed(session: UpstreamSession): void
}

/** The upstream agreed to TLS, but not to HTTP/2. */
export class NotHttp2Error extends Error {
  override readonly name = 'NotHttp2Error'
}

/** One connection to an upstream, and the requests that are its streams. */
export class UpstreamSession extends Http2Connection implements Deadline {
  /** Why the socket closed, as far as it said. */
  cause: Error = new Error('connection closed')
  readonly #owner: SessionOwner
  readonly #times: UpstreamSessionOptions
  /** Requests that wait for the connection to be made. */
  readonly #queue = new Set<PlacedRequest>()
  #state: 'connecting' | 'open' | 'leaving' | 'closed' = 'connecting'
  /** It has been told to leave before it had served those that wait for it. */
  #mustLeave = false
  #nextId = 1
  deadlineMs: number = Infinity
  clockIndex: number = -1
  /** What the deadline is for: with streams to ask whether the other end lives, without them to close. */
  #isAwaitingSound = false
  #hasHeard = false
  #hasAsked = false
  /** Responses that have begun. */
  responses = 0

  constructor({ socket, readyEvent }: DialedSocket, owner: SessionOwner, options: UpstreamSessionOptions) {
    super(
      socket,
      {
        isServer: false,
        settings: [
          [SETTING.enablePush, 0],
          [SETTING.initialWindowSize, STREAM_WINDOW_BYTES],
          [SETTING.maxHeaderListSize, options.maxHeaderBytes],
        ],
        streamWindowBytes: STREAM_WINDOW_BYTES,
        connectionWindowBytes: STREAM_WINDOW_BYTES * MAX_STREAMS,
        maxHeaderBytes: options.maxHeaderBytes,
        headerTimeoutMs: options.stallMs,
        writeStallTimeoutMs: options.stallMs,
      },
      // Streams are ours, and an upstream may refuse as many of them as it likes.
      new FloodGuard({ resets: { burst: Infinity, perSecond: Infinity } }),
    )
    this.#owner = owner
    this.#times = options
    socket.on('error', (error) => (this.cause = error))
    socket.once('close', () => this.#onUnconnected(this.cause))
    socket.once(readyEvent, () => this.#onConnected(socket))
  }

  /** Whether it takes another request. */
  get hasRoom(): boolean {
    if (this.isOver || this.socket.destroyed || (this.#state !== 'open' && this.#state !== 'connecting')) return false
    return this.streams.size + this.#queue.size < Math.min(MAX_STREAMS, this.peer.maxConcurrentStreams)
  }

  /** Whether no request is on it. */
  get isIdle(): boolean {
    return this.streams.size === 0 && this.#queue.size === 0
  }

  /** Where it leads; `undefined` until it has been made, and of a Unix socket. */
  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress
  }

  /** Whether the connection has been made. */
  get isConnected(): boolean {
    return this.#state !== 'connecting'
  }

  /** Takes a request; `onReady` is called once the connection is there. */
  place(request: PlacedRequest): void {
    if (this.#state === 'connecting') this.#queue.add(request)
    else request.onReady(this)
  }

  /** A request that was placed no longer wants to be taken. */
  withdraw(request: PlacedRequest): void {
    if (!this.#queue.delete(request)) return
    if (this.#state === 'connecting' && this.#queue.size === 0) this.socket.destroy()
  }

  /** Opens a stream with the head of a request. */
  open(request: PlacedRequest, pairs: readonly string[], endStream: boolean): Http2Stream {
    const stream = new Http2Stream(this.#nextId, this, request)
    this.#nextId += 2
    // Ids are used once (RFC 9113 §5.1.1).
    if (this.#nextId > MAX_31_BIT) this.#state = 'leaving'
    this.openStream(stream)
    this.sendHeaders(stream, pairs, endStream)
    if (!this.#isAwaitingSound) this.#awaitSound()
    return stream
  }

  /** Takes no more requests, and closes after the last one. */
  leave(): void {
    if (this.#state === 'connecting' && this.#queue.size === 0) this.socket.destroy()
    else if (this.#state === 'connecting') this.#mustLeave = true
    else if (this.#state === 'open') {
      this.#state = 'leaving'
      if (this.isIdle) this.finish()
    }
  }

  /** Ends the connection at once. */
  close(cause: Error): void {
    this.cause = cause
    if (this.#state === 'connecting') this.socket.destroy()
    else this.finish()
  }

  #onConnected(socket: Socket): void {
    if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2') {
      this.#onUnconnected(new NotHttp2Error('does not speak HTTP/2'))
      socket.destroy()
      return
    }
    this.#state = 'open'
    this.#owner.clock.add(this)
    socket.setNoDelay(true)
    this.output.frames.raw(PREFACE)
    this.start()
    const queue = [...this.#queue]
    this.#queue.clear()
    for (const request of queue) request.onReady(this)
    if (this.#mustLeave) this.leave()
    else this.onStreamsChanged()
  }

  #onUnconnected(error: Error): void {
    if (this.#state !== 'connecting') return
    this.#state = 'closed'
    this.isOver = true
    this.#owner.onClosed(this)
    const queue = [...this.#queue]
    this.#queue.clear()
    const cause = error instanceof NotHttp2Error ? error : (this.#times.explain?.(error) ?? error)
    for (const request of queue) request.onUnconnected(cause)
  }

  protected onStrangeHeaders(id: number): void {
    // Trailers of a stream that was reset so long ago that it is forgotten are of no use; anything else is no answer to us.
    if (id % 2 === 0 || id >= this.#nextId)
      throw new ConnectionFault(ERROR_CODE.protocolError, `HEADERS on stream ${id}, which was never opened`)
  }

  protected onGoaway(lastStreamId: number, code: number): void {
    this.#state = 'leaving'
    const unprocessed: PlacedRequest[] = []
    for (const stream of this.streams.list())
      if (stream.id > lastStreamId) {
        this.abandonStream(stream)
        // Every stream of a session was opened for one.
        unprocessed.push(stream.owner as PlacedRequest)
      }
    if (code !== ERROR_CODE.noError) this.cause = new Error(`upstream ended the connection with error code ${code}`)
    this.#owner.onCapacity(this)
    for (const request of unprocessed) request.onUnprocessed()
    this.onStreamsChanged()
  }

  protected onStreamsChanged(): void {
    if (this.isOver) return
    if (this.streams.size === 0) {
      if (this.#state === 'leaving') {
        this.finish()
        return
      }
      this.#hasAsked = false
      if (this.#isAwaitingSound || this.deadlineMs === Infinity) {
        this.#isAwaitingSound = false
        this.#owner.clock.set(this, this.#times.idleTimeoutMs)
      }
    }
    if (this.hasRoom) this.#owner.onCapacity(this)
  }

  protected override onActivity(): void {
    this.#hasHeard = true
    this.#hasAsked = false
  }

  onHeaderTimeout(): void {
    this.fail(new ConnectionFault(ERROR_CODE.protocolError, 'a head that never ended'))
  }

  protected onOver(): void {
    this.#state = 'closed'
    this.#owner.clock.delete(this)
    this.#owner.onClosed(this)
  }

  #awaitSound(): void {
    this.#isAwaitingSound = true
    this.#owner.clock.set(this, this.#times.pingAfterMs)
  }

  /** For the clock alone. */
  onDeadline(): void {
    if (this.#isAwaitingSound) this.#onSilence()
    else this.finish()
  }

  #onSilence(): void {
    if (!this.#hasHeard) {
      if (this.#hasAsked) {
        this.cause = Object.assign(new Error('no answer to PING'), { code: 'ETIMEDOUT' })
        this.socket.destroy()
        return
      }
      this.#hasAsked = true
      this.output.frames.ping(PING, false)
      this.output.scheduleFlush()
    }
    this.#hasHeard = false
    this.#awaitSound()
  }
}
