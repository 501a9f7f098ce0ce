import type { Socket } from 'node:net'
import { formatFrame, type StreamFrame } from '../wire/stream-frame.ts'
import type { RequestId } from '../wire/request.ts'
import type { VerbStream } from './handlers.ts'

/**
 * Data that waits for a slow reader; what comes on top is dropped, so that no reader can make us hold what it does not
 * take. More than a flow log remembers, so that a reader who begins with all of that loses nothing of it.
 */
const MAX_WAITING = 11_000
/** Frames written in one turn: the daemon has other things to do. */
const MAX_PER_TURN = 100

/**
 * Writes a stream to a socket. Data is put into words and written in a turn of its own, so that whoever sends it pays
 * nothing but the place in the queue.
 */
export class FrameWriter implements VerbStream<unknown> {
  readonly signal: AbortSignal
  /** Resolves when the stream is over and all of it is written, or its reader has gone. */
  readonly ended: Promise<void>
  readonly #socket: Socket
  readonly #requestId: RequestId
  readonly #waiting: StreamFrame[] = []
  readonly #over = new AbortController()
  readonly #resolveEnded: () => void
  #nextSeq = 0
  #hasEnded = false
  #isScheduled = false

  constructor(socket: Socket, requestId: RequestId) {
    this.#socket = socket
    this.#requestId = requestId
    this.signal = this.#over.signal
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#resolveEnded = resolve
  }

  send(data: unknown): void {
    if (this.#hasEnded) return
    const seq = this.#nextSeq++
    const last = this.#waiting.at(-1)
    if (last?.kind === 'dropped' && this.#waiting.length >= MAX_WAITING) {
      this.#waiting[this.#waiting.length - 1] = { ...last, count: last.count + 1 }
    } else if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.push({ kind: 'dropped', count: 1, reason: 'backpressure' })
    } else this.#waiting.push({ kind: 'data', seq, data })
    this.#schedule()
  }

  end(reason: string): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#waiting.push({ kind: 'end', reason })
    this.#over.abort()
    this.#schedule()
  }

  /** Ends the stream and writes what is left of it at once, however slow the reader: its connection is about to end. */
  finish(reason: string): void {
    this.end(reason)
    if (!this.#socket.destroyed) for (const frame of this.#waiting) this.#write(frame)
    this.drop()
  }

  /** The reader has gone. */
  drop(): void {
    this.#hasEnded = true
    this.#waiting.length = 0
    this.#over.abort()
    this.#resolveEnded()
  }

  /** The socket can take more. */
  resume(): void {
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    let written = 0
    while (written < MAX_PER_TURN && written < this.#waiting.length && !this.#socket.writableNeedDrain) {
      this.#write(this.#waiting[written++]!)
    }
    this.#waiting.splice(0, written)
    if (this.#waiting.length > 0) {
      if (!this.#socket.writableNeedDrain) this.#schedule()
    } else if (this.#hasEnded) this.#resolveEnded()
  }

  #write(frame: StreamFrame): void {
    if (!this.#socket.destroyed) this.#socket.write(formatFrame(this.#requestId, frame))
  }
}
