import type { BodySink, BodySource, HeaderList } from 'vane-core'
import type { Deadline, DeadlineClock } from '../time/deadline-clock.ts'

/** Whose content comes in. */
export interface IncomingOwner {
  /** Error of a pause that was too long; the stream has to be reset as well. */
  onContentIdle(): Error
  /** Bytes were taken, or are not wanted: the peer may send as many again. */
  creditContent(bytes: number): void
  /** Somebody begins to read. */
  onContentStart(): void
  /** Nobody wants the rest. */
  onContentCancel(reason: Error): void
}

/** What a body that comes in depends on. */
export interface IncomingContentOptions {
  /** Bytes that the head declares. */
  readonly length: number | undefined
  /** Longest pause while somebody is ready to take bytes. */
  readonly idleMs: number
  readonly clock: DeadlineClock
}

/** Chunks shorter than this are put together while they wait: a view of one byte costs a hundred. */
const MIN_OWN_BYTES = 1024
const SLAB_BYTES = 4096
/** Bytes of memory that one that waits may hold. */
const MAX_PINNED_RATIO = 4

/**
 * The body of one stream's message. What arrives while nobody takes it waits here, bounded by the flow-control window: a window
 * is given back for what was taken, and for nothing else.
 */
export class IncomingContent implements BodySource, Deadline {
  /** Bytes delivered so far. */
  bytes = 0
  /** Whether somebody began to read. */
  started = false
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly #owner: IncomingOwner
  readonly #length: number | undefined
  readonly #idleMs: number
  readonly #clock: DeadlineClock
  #sink: BodySink | undefined
  #state: 'open' | 'ended' | 'failed' | 'canceled' = 'open'
  #failure: Error | undefined
  #receivedBytes = 0
  #held: Buffer[] = []
  /** Bytes used of the last held chunk, where that is a slab. */
  #slabUsed = 0
  #isPaused = false
  /** Bytes that a full sink took: credited when it wants more. */
  #owedBytes = 0
  #isComplete = false
  #trailers: HeaderList | undefined

  constructor(owner: IncomingOwner, { length, idleMs, clock }: IncomingContentOptions) {
    this.#owner = owner
    this.#length = length
    this.#idleMs = idleMs
    this.#clock = clock
  }

  /** Whether bytes may still be delivered to a sink. */
  get isWanted(): boolean {
    return this.started && this.#state === 'open'
  }

  /**
   * Takes bytes from the connection.
   *
   * @returns false where they are more than the head declared.
   */
  receive(chunk: Buffer): boolean {
    this.#receivedBytes += chunk.length
    if (this.#length !== undefined && this.#receivedBytes > this.#length) return false
    if (chunk.length === 0) return true
    if (this.#state !== 'open') this.#owner.creditContent(chunk.length)
    else if (this.#sink === undefined || this.#isPaused || this.#held.length > 0) this.#hold(chunk)
    else if (chunk.length >= MIN_OWN_BYTES) this.#take(chunk)
    else {
      // Whoever sends byte by byte shall not have us pass them on so: what one read brings goes on together.
      this.#hold(chunk)
      process.nextTick(IncomingContent.#deliverHeld, this)
    }
    return true
  }

  /**
   * The message is complete.
   *
   * @returns false where it is shorter than the head declared.
   */
  complete(trailers: HeaderList | undefined): boolean {
    if (this.#length !== undefined && this.#receivedBytes !== this.#length) return false
    this.#isComplete = true
    this.#trailers = trailers
    this.#deliver()
    return true
  }

  /** Ends the body as failed, unless all of it is here. */
  break(error: Error): void {
    if (this.#state !== 'open' || this.#isComplete) return
    this.#state = 'failed'
    this.#failure = error
    this.#stopClock()
    this.#drop()
    this.#sink?.fail(error)
  }

  start(sink: BodySink): void {
    if (this.started) throw new Error('a body is read once')
    this.started = true
    if (this.#state === 'canceled') return
    if (this.#failure !== undefined) {
      sink.fail(this.#failure)
      return
    }
    this.#sink = sink
    this.#owner.onContentStart()
    this.#deliver()
  }

  resume(): void {
    if (this.#state !== 'open' || !this.#isPaused) return
    this.#isPaused = false
    this.#settle()
    this.#deliver()
  }

  cancel(reason: Error): void {
    if (this.#state !== 'open') return
    this.#state = 'canceled'
    this.#stopClock()
    this.#drop()
    this.#owner.onContentCancel(reason)
  }

  #deliver(): void {
    if (this.#sink === undefined) return
    while (this.#state === 'open' && !this.#isPaused && this.#held.length > 0) this.#take(this.#shift())
    if (this.#state !== 'open') return
    if (this.#isPaused || this.#held.length > 0) return
    if (!this.#isComplete) {
      this.#startClock()
      return
    }
    this.#state = 'ended'
    this.#stopClock()
    this.#sink.end(this.#trailers)
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length
    this.#owedBytes += chunk.length
    if (this.#sink!.write(chunk)) {
      this.#settle()
      if (this.#state === 'open') this.#startClock()
    } else if (this.#state === 'open') {
      this.#isPaused = true
      this.#stopClock()
    }
  }

  #hold(chunk: Buffer): void {
    const last = this.#held.at(-1)
    const isAlone = last === undefined || (this.#slabUsed === 0 && last.length >= MIN_OWN_BYTES)
    if (chunk.length >= MIN_OWN_BYTES || isAlone || this.#slabUsed + chunk.length > SLAB_BYTES) {
      this.#seal()
      this.#held.push(toOwn(chunk))
      return
    }
    if (this.#slabUsed === 0) {
      const slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#slabUsed = last.copy(slab)
      this.#held[this.#held.length - 1] = slab
    }
    this.#slabUsed += chunk.copy(this.#held.at(-1)!, this.#slabUsed)
  }

  #shift(): Buffer {
    if (this.#held.length === 1) this.#seal()
    return this.#held.shift()!
  }

  #seal(): void {
    if (this.#slabUsed === 0) return
    const last = this.#held.length - 1
    const held = this.#held[last]!.subarray(0, this.#slabUsed)
    // Whoever keeps it shall not keep all of a slab for a few bytes, nor of memory that others are done with.
    this.#held[last] = this.#slabUsed < MIN_OWN_BYTES ? Buffer.from(new Uint8Array(held).buffer) : held
    this.#slabUsed = 0
  }

  /** Gives the window of what waits back: the connection's other streams need it. */
  #drop(): void {
    this.#seal()
    for (const chunk of this.#held) this.#owedBytes += chunk.length
    this.#held = []
    this.#settle()
  }

  #settle(): void {
    const owed = this.#owedBytes
    this.#owedBytes = 0
    if (owed > 0) this.#owner.creditContent(owed)
  }

  #startClock(): void {
    if (this.deadlineMs === Infinity) this.#clock.add(this)
    this.#clock.set(this, this.#idleMs)
  }

  #stopClock(): void {
    if (this.deadlineMs !== Infinity) this.#clock.delete(this)
  }

  /** For the clock alone. */
  onDeadline(): void {
    this.#clock.delete(this)
    this.break(this.#owner.onContentIdle())
  }

  static #deliverHeld(this: void, content: IncomingContent): void {
    content.#deliver()
  }
}

/** A view of a few bytes would hold all that was read with them. */
function toOwn(chunk: Buffer): Buffer {
  return chunk.buffer.byteLength > MAX_PINNED_RATIO * chunk.length ? Buffer.from(chunk) : chunk
}
