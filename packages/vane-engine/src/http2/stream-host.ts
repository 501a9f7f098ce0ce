import type { Socket } from 'node:net'
import type { HeaderList } from 'vane-core'
import { lingerThenDestroy } from '../http1/raw-reply.ts'
import { ConnectionFault } from './connection-fault.ts'
import { ConnectionOutput } from './connection-output.ts'
import { ERROR_CODE } from './error-code.ts'
import type { FloodGuard } from './flood-guard.ts'
import type { Http2Stream } from './http2-stream.ts'
import { toTrailerPairs } from './outgoing-fields.ts'
import { PeerSettings } from './peer-settings.ts'
import { ReceiveWindow } from './receive-window.ts'
import { RecentStreams } from './recent-streams.ts'

/** What both ends of a connection have in common. */
export interface Http2ConnectionOptions {
  readonly isServer: boolean
  /** SETTINGS to begin with. */
  readonly settings: readonly (readonly [id: number, value: number])[]
  /** Bytes that the peer may send on one stream before somebody takes them. */
  readonly streamWindowBytes: number
  /** Bytes that the peer may send on all streams together. */
  readonly connectionWindowBytes: number
  readonly maxHeaderBytes: number
  /** From the first byte of a head to its last. */
  readonly headerTimeoutMs: number
  /** How long the peer may leave unread what was written. */
  readonly writeStallTimeoutMs: number
}

/** Bytes of a DATA frame that the peer may open windows for, even if they filled one. */
const MIN_EARNING_BYTES = 1_024

/** The streams of a connection, and what they send: the half of {@link Http2Connection} that acts. */
export abstract class StreamHost {
  readonly options: Http2ConnectionOptions
  readonly peer: PeerSettings
  protected readonly socket: Socket
  protected readonly output: ConnectionOutput
  protected readonly guard: FloodGuard
  protected readonly streams: Map<number, Http2Stream> = new Map()
  /** Highest id of a stream that either side has opened. */
  protected lastStreamId = 0
  /** Nothing is read any more. */
  isOver = false
  protected readonly window: ReceiveWindow
  protected readonly recent: RecentStreams = new RecentStreams()

  constructor(socket: Socket, options: Http2ConnectionOptions, guard: FloodGuard) {
    this.options = options
    this.socket = socket
    this.guard = guard
    this.peer = new PeerSettings(!options.isServer)
    this.output = new ConnectionOutput(socket, options.writeStallTimeoutMs)
    this.window = new ReceiveWindow(options.connectionWindowBytes)
  }

  /** The number of open streams, or what the peer allows, has changed. */
  protected abstract onStreamsChanged(): void
  /** The connection is over, once. `undefined`: the peer has ended it. */
  protected abstract onOver(fault: ConnectionFault | undefined): void

  /** Bytes that the peer takes on all streams. */
  get sendWindow(): number {
    return this.output.sendWindow
  }

  get isCongested(): boolean {
    return this.output.isCongested
  }

  schedule(stream: Http2Stream): void {
    this.output.schedule(stream)
  }

  sendHeaders(stream: Http2Stream, pairs: readonly string[], endStream: boolean): void {
    this.output.headers(stream, pairs, endStream)
    if (endStream) this.#endLocal(stream)
  }

  sendTrailers(stream: Http2Stream, trailers: HeaderList): void {
    const pairs = toTrailerPairs(trailers)
    if (pairs.length > 0) this.sendHeaders(stream, pairs, true)
    else this.sendData(stream, Buffer.alloc(0), true)
  }

  sendData(stream: Http2Stream, chunk: Uint8Array, endStream: boolean): void {
    this.output.data(stream, chunk, endStream)
    // A window opened byte by byte (CVE-2019-9511) earns nothing.
    if (chunk.length >= MIN_EARNING_BYTES || stream.sendableBytes > 0) this.guard.credit('windowUpdates', 2)
    if (endStream) this.#endLocal(stream)
  }

  /** Resets a stream; its owner is not told. */
  resetStream(stream: Http2Stream, code: number): void {
    if (stream.isClosed) return
    this.output.frames.rstStream(stream.id, code)
    this.output.scheduleFlush()
    this.closeStream(stream, false)
  }

  /** Closes a stream of which the peer knows nothing. */
  protected abandonStream(stream: Http2Stream): void {
    this.closeStream(stream, false)
  }

  /** Gives a stream's window, and the connection's, back to the peer. */
  creditStream(stream: Http2Stream, bytes: number): void {
    this.credit(bytes)
    if (stream.isRemoteEnded || stream.isClosed || stream.isMuted) return
    const increment = stream.window.credit(bytes)
    if (increment === 0) return
    this.output.frames.windowUpdate(stream.id, increment)
    this.output.scheduleFlush()
  }

  /** Ends the connection with GOAWAY. Streams that are open are lost. */
  fail(fault: ConnectionFault): void {
    this.end(fault)
  }

  /** Ends the connection in order: GOAWAY, and no more. */
  protected finish(): void {
    this.end(new ConnectionFault(ERROR_CODE.noError, 'connection is closed'))
  }

  protected openStream(stream: Http2Stream): void {
    this.lastStreamId = stream.id
    this.streams.set(stream.id, stream)
  }

  /** Notes a stream that is closed without ever having been open here. */
  protected refuseStream(id: number, code: number): void {
    this.output.frames.rstStream(id, code)
    this.recent.add(id, false)
    this.output.scheduleFlush()
  }

  /** Resets a stream because of what the peer did on it. */
  faultStream(stream: Http2Stream, code: number, message: string): void {
    this.resetStream(stream, code)
    stream.owner.onFault(message, code)
    this.guard.charge('resets')
  }

  /** The peer has sent all of a message. */
  endRemote(stream: Http2Stream, trailers: HeaderList | undefined): void {
    stream.isRemoteEnded = true
    if (stream.incoming?.complete(trailers) === false)
      this.faultStream(stream, ERROR_CODE.protocolError, 'less DATA than content-length')
    else {
      stream.owner.onRemoteEnd()
      if (stream.isLocalEnded) this.closeStream(stream, true)
    }
  }

  #endLocal(stream: Http2Stream): void {
    stream.isLocalEnded = true
    if (stream.isRemoteEnded) this.closeStream(stream, true)
  }

  protected closeStream(stream: Http2Stream, isByPeer: boolean): void {
    if (stream.isClosed) return
    stream.isClosed = true
    this.streams.delete(stream.id)
    this.output.forget(stream)
    this.recent.add(stream.id, isByPeer)
    this.onStreamsChanged()
  }

  protected credit(bytes: number): void {
    const increment = this.window.credit(bytes)
    if (increment === 0 || this.isOver) return
    this.output.frames.windowUpdate(0, increment)
    this.output.scheduleFlush()
  }

  protected end(fault: ConnectionFault | undefined): void {
    if (this.isOver) return
    this.isOver = true
    if (fault !== undefined) this.output.frames.goaway(this.options.isServer ? this.lastStreamId : 0, fault.code)
    this.output.end()
    const lost = [...this.streams.values()]
    this.streams.clear()
    for (const stream of lost) {
      stream.isClosed = true
      stream.owner.onLost(fault ?? new Error('connection closed'))
    }
    this.onOver(fault)
    if (fault === undefined) this.socket.destroy()
    else {
      this.socket.end()
      lingerThenDestroy(this.socket, this.options.writeStallTimeoutMs)
    }
  }
}
