import { type BodySink, type HeaderList, type StreamBody, VaneError } from 'vane-core'
import type { Deadline, DeadlineClock } from '../time/deadline-clock.ts'

/** Whose content goes out. */
export interface OutgoingOwner {
  /** The peer took nothing for too long. */
  onSendStall(): void
  /** The body broke off, or is not as long as declared: the stream must not end cleanly. */
  onSendFail(error: Error): void
  /** The last byte and the end of the stream were handed to the connection. */
  onSent(): void
}

/** What a body that goes out depends on. */
export interface OutgoingContentOptions {
  readonly owner: OutgoingOwner
  /** How long the peer may take nothing while bytes wait for it. */
  readonly stallMs: number
  readonly clock: DeadlineClock
}

/** The connection that content goes out by, as seen from one stream. */
export interface ContentOutlet {
  /** Bytes that the peer lets this stream send at this moment. */
  readonly sendableBytes: number
  /** Largest payload of a frame. */
  readonly maxFrameBytes: number
  /** Whether the socket wants no more for now. */
  readonly isCongested: boolean
  /** Asks for a call of `sendSome` when there is room. */
  schedule(): void
  sendData(chunk: Uint8Array, endStream: boolean): void
  sendTrailers(trailers: HeaderList): void
}

/** Bytes that wait before the source is held back. */
const HIGH_WATER_BYTES = 65_536
/** A peer that takes less than this between two looks of the stall clock counts as one that takes nothing. */
const MIN_PROGRESS_BYTES = 1_024

/** Sends a streamed body as DATA frames of one stream, within the peer's windows. */
export class OutgoingContent implements BodySink, Deadline {
  /** Bytes handed to the connection so far. */
  bytes = 0
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly #body: StreamBody
  readonly #outlet: ContentOutlet
  readonly #owner: OutgoingOwner
  readonly #stallMs: number
  readonly #clock: DeadlineClock
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #receivedBytes = 0
  #progressBytes = 0
  #isPaused = false
  /** The source has ended. */
  #isComplete = false
  #trailers: HeaderList | undefined
  #isOver = false

  constructor(body: StreamBody, outlet: ContentOutlet, { owner, stallMs, clock }: OutgoingContentOptions) {
    this.#body = body
    this.#outlet = outlet
    this.#owner = owner
    this.#stallMs = stallMs
    this.#clock = clock
  }

  /** Begins to pull. */
  start(): void {
    this.#body.source.start(this)
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver || chunk.length === 0) return true
    this.#receivedBytes += chunk.length
    const { length } = this.#body
    if (length !== undefined && this.#receivedBytes > length) {
      this.#breakOff(new VaneError({ kind: 'internal' }, `body of more than the declared ${length} bytes`))
      return true
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    const outlet = this.#outlet
    outlet.schedule()
    if (!outlet.isCongested && this.#waitingBytes < Math.min(HIGH_WATER_BYTES, outlet.sendableBytes)) return true
    this.#isPaused = true
    this.#startClock()
    return false
  }

  end(trailers: HeaderList | undefined): void {
    if (this.#isOver) return
    const { length } = this.#body
    if (length !== undefined && this.#receivedBytes !== length) {
      const message = `body of ${this.#receivedBytes} bytes where ${length} were declared`
      this.#breakOff(new VaneError({ kind: 'internal' }, message))
      return
    }
    this.#isComplete = true
    this.#trailers = trailers
    if (this.#waitingBytes > 0) this.#startClock()
    this.#outlet.schedule()
  }

  fail(error: Error): void {
    if (this.#isOver) return
    this.#stop()
    this.#owner.onSendFail(error)
  }

  /** The peer is gone: stops pulling. */
  abandon(reason: Error): void {
    if (this.#isOver) return
    this.#stop()
    if (!this.#isComplete) this.#body.source.cancel(reason)
  }

  /**
   * Sends one frame, if there is anything to send and room for it; asks the source for more when everything is out.
   *
   * @returns whether there is more to send at once.
   */
  sendSome(): boolean {
    if (this.#isOver) return false
    const outlet = this.#outlet
    if (this.#waiting.length > 0) {
      const room = Math.min(outlet.sendableBytes, outlet.maxFrameBytes)
      if (room <= 0) return false
      const first = this.#waiting[0]!
      const chunk = first.length <= room ? first : first.subarray(0, room)
      if (chunk === first) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(room)
      this.#waitingBytes -= chunk.length
      this.bytes += chunk.length
      const isLast = this.#isComplete && this.#waiting.length === 0
      outlet.sendData(chunk, isLast && this.#trailers === undefined)
      this.#onProgress(chunk.length)
      if (this.#waiting.length > 0) return true
      if (isLast) {
        this.#finish()
        return false
      }
    } else if (this.#isComplete) {
      if (this.#trailers === undefined) outlet.sendData(NOTHING, true)
      this.#finish()
      return false
    }
    if (this.#isPaused && !outlet.isCongested) {
      this.#isPaused = false
      this.#stopClock()
      this.#body.source.resume()
      return this.#waiting.length > 0 || this.#isComplete
    }
    return false
  }

  /** Whether `sendSome` has something to do once there is room. */
  get isWaiting(): boolean {
    return !this.#isOver && (this.#waiting.length > 0 || this.#isComplete || this.#isPaused)
  }

  #finish(): void {
    this.#stop()
    try {
      if (this.#trailers !== undefined) this.#outlet.sendTrailers(this.#trailers)
    } catch (error) {
      // Trailers that cannot be written: the message is not what it was.
      this.#owner.onSendFail(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#owner.onSent()
  }

  #breakOff(error: VaneError): void {
    this.abandon(error)
    this.#owner.onSendFail(error)
  }

  #stop(): void {
    this.#isOver = true
    this.#waiting.length = 0
    this.#stopClock()
  }

  #onProgress(bytes: number): void {
    this.#progressBytes += bytes
    if (this.deadlineMs === Infinity || this.#progressBytes < MIN_PROGRESS_BYTES) return
    this.#progressBytes = 0
    this.#clock.set(this, this.#stallMs)
  }

  #startClock(): void {
    if (this.deadlineMs !== Infinity) return
    this.#clock.add(this)
    this.#clock.set(this, this.#stallMs)
  }

  #stopClock(): void {
    this.#progressBytes = 0
    if (this.deadlineMs !== Infinity) this.#clock.delete(this)
  }

  /** For the clock alone. */
  onDeadline(): void {
    this.#clock.delete(this)
    this.#owner.onSendStall()
  }
}

const NOTHING = new Uint8Array(0)
