import type { BodySink, BodySource, HeaderList } from 'vane-core'

/** The connection whose bytes a {@link BodyPipe} carries. */
export interface BodyOwner {
  /** Somebody begins to read. */
  onBodyStart(): void
  /** The reader can take more: read on. */
  onBodyDrain(): void
  /** Nobody wants the rest. */
  onBodyCancel(reason: Error): void
}

/**
 * The body of a message that a decoder is taking apart: what the decoder pushes in, one reader gets out.
 *
 * It holds what comes before the reader does, or while the reader is full. The owner stops reading its socket when `push`
 * answers false, so that this is at most what one read has brought.
 */
export class BodyPipe implements BodySource {
  /** Bytes that came in. */
  bytes = 0
  readonly #owner: BodyOwner
  #sink: BodySink | undefined
  #held: Uint8Array[] | undefined
  #isFull = false
  #isEnded = false
  #trailers: HeaderList | undefined
  #failure: Error | undefined
  /** Nothing more will be delivered. */
  #isOver = false

  constructor(owner: BodyOwner) {
    this.#owner = owner
  }

  /** Whether a reader is there or may still come. */
  get isWanted(): boolean {
    return !this.#isOver
  }

  /** Whether a reader has begun. */
  get isStarted(): boolean {
    return this.#sink !== undefined
  }

  /** A piece of content; it may be held on to. @returns false where no more should be read for now. */
  push(piece: Uint8Array): boolean {
    this.bytes += piece.length
    if (this.#isOver) return true
    if (this.#sink === undefined || this.#isFull) {
      ;(this.#held ??= []).push(piece)
      return false
    }
    if (!this.#sink.write(piece)) this.#isFull = true
    return !this.#isFull
  }

  /** Whether what is pushed now would be held. */
  get isBlocked(): boolean {
    return !this.#isOver && (this.#sink === undefined || this.#isFull)
  }

  /** The last piece has been pushed. */
  finish(trailers: HeaderList | undefined): void {
    this.#isEnded = true
    this.#trailers = trailers
    if (!this.isBlocked) this.#deliverEnd()
  }

  /** The message broke off, even if bytes are still held: its reader must not take it for whole. */
  break(error: Error): void {
    if (this.#isOver) return
    if (this.#sink === undefined) {
      this.#failure ??= error
      this.#held = undefined
      return
    }
    this.#isOver = true
    this.#held = undefined
    this.#sink.fail(error)
  }

  start(sink: BodySink): void {
    this.#sink = sink
    if (this.#failure !== undefined) {
      this.#isOver = true
      sink.fail(this.#failure)
      return
    }
    if (!this.#isEnded) this.#owner.onBodyStart()
    this.#flush()
  }

  resume(): void {
    if (this.#isOver || this.#sink === undefined) return
    this.#isFull = false
    this.#flush()
  }

  cancel(reason: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#held = undefined
    if (!this.#isEnded && this.#failure === undefined) this.#owner.onBodyCancel(reason)
  }

  #flush(): void {
    const held = this.#held
    const sink = this.#sink!
    if (held !== undefined) {
      let at = 0
      while (at < held.length && !this.#isFull && !this.#isOver) if (!sink.write(held[at++]!)) this.#isFull = true
      if (this.#isOver) return
      if (at < held.length) {
        this.#held = held.slice(at)
        return
      }
      this.#held = undefined
    }
    if (this.#isFull) return
    if (this.#isEnded) this.#deliverEnd()
    else this.#owner.onBodyDrain()
  }

  #deliverEnd(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink?.end(this.#trailers)
  }
}
