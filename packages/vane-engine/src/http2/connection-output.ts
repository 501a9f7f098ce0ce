import type { Socket } from 'node:net'
import { FrameWriter } from './frame-writer.ts'
import { INITIAL_WINDOW_BYTES } from './frame-type.ts'
import { HpackEncoder } from './hpack/hpack-encoder.ts'
import type { Http2Stream } from './http2-stream.ts'

/** Unwritten bytes beyond which nothing more is read: who does not take answers gets no more questions in. */
const MAX_BACKLOG_BYTES = 262_144

/**
 * What goes out by a connection: streams take turns, and all that one turn of the event loop brings, by whichever socket, goes
 * out in one write. A write costs more than all else that a small message does.
 */
export class ConnectionOutput {
  /** Bytes that the peer takes on all streams. */
  sendWindow: number = INITIAL_WINDOW_BYTES
  readonly frames: FrameWriter
  readonly #socket: Socket
  readonly #encoder = new HpackEncoder()
  /** Streams that have something to send, in turn. */
  readonly #ready = new Set<Http2Stream>()
  readonly #stallMs: number
  #isFlushing = false
  #isFlushDue = false
  #backlogTimer: NodeJS.Timeout | undefined

  /** @param stallMs how long the peer may leave unread what was written, once it is too much. */
  constructor(socket: Socket, stallMs: number) {
    this.#socket = socket
    this.#stallMs = stallMs
    this.frames = new FrameWriter(socket)
  }

  /** Whether the socket wants no more for now. */
  get isCongested(): boolean {
    return this.#socket.writableNeedDrain || this.frames.pendingBytes > this.#socket.writableHighWaterMark
  }

  /** A stream has something to send. */
  schedule(stream: Http2Stream): void {
    this.#ready.add(stream)
    this.scheduleFlush()
  }

  /** Has everything that was written go out at the end of this turn, when every socket that had something has been read. */
  scheduleFlush(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    setImmediate(flush, this)
  }

  setPeerTableBytes(bytes: number): void {
    this.#encoder.setPeerTableBytes(bytes)
  }

  headers(stream: Http2Stream, pairs: readonly string[], endStream: boolean): void {
    this.frames.headers(stream.id, this.#encoder.encode(pairs), { endStream, maxFrameBytes: stream.maxFrameBytes })
    this.scheduleFlush()
  }

  data(stream: Http2Stream, chunk: Uint8Array, endStream: boolean): void {
    stream.sendWindow -= chunk.length
    this.sendWindow -= chunk.length
    this.frames.data(stream.id, chunk, endStream)
    this.scheduleFlush()
  }

  /** A stream has closed: it sends nothing more. */
  forget(stream: Http2Stream): void {
    this.#ready.delete(stream)
  }

  flush(): void {
    this.#isFlushDue = false
    if (this.#isFlushing) return
    this.#isFlushing = true
    do {
      this.#pump()
      this.frames.flush()
    } while (this.#canPump())
    this.#isFlushing = false
    if (this.#socket.writableLength <= MAX_BACKLOG_BYTES || this.#backlogTimer !== undefined) return
    if (this.#socket.destroyed) return
    this.#socket.pause()
    this.#backlogTimer = setTimeout(() => this.#socket.destroy(), this.#stallMs)
  }

  /** The socket has room again. */
  onDrain(streams: Iterable<Http2Stream>): void {
    if (this.#backlogTimer !== undefined) {
      this.#stopBacklogClock()
      this.#socket.resume()
    }
    for (const stream of streams) if (stream.outgoing?.isWaiting === true) this.#ready.add(stream)
    this.flush()
  }

  /** Sends what was written, and takes no more of any stream. */
  end(): void {
    this.#ready.clear()
    this.#stopBacklogClock()
    this.frames.flush()
  }

  #canPump(): boolean {
    if (this.isCongested) return false
    for (const stream of this.#ready) if (stream.outgoing?.isWaiting === true && stream.sendableBytes > 0) return true
    return false
  }

  /** Sends in turns, a frame for each stream, for as long as the socket and the windows have room. */
  #pump(): void {
    let hasSent = true
    while (hasSent && !this.isCongested) {
      hasSent = false
      for (const stream of this.#ready) {
        if (this.isCongested) break
        if (stream.outgoing?.sendSome() === true) hasSent = true
        // Without a window of its own it waits for one; without one of the connection it keeps its place.
        else if (stream.outgoing?.isWaiting !== true || stream.sendWindow <= 0) this.#ready.delete(stream)
      }
    }
  }

  #stopBacklogClock(): void {
    clearTimeout(this.#backlogTimer)
    this.#backlogTimer = undefined
  }
}

/** Not a closure for each turn. */
function flush(output: ConnectionOutput): void {
  output.flush()
}
