import type { Socket } from 'node:net'
import { type BodySink, type HeaderList, type StreamBody, VaneError } from 'vane-core'
import type { Deadline, DeadlineClock } from '../time/deadline-clock.ts'
import { isHostOwned } from './hop-by-hop.ts'

/** Who sends the message whose content goes through a {@link MessageSink}. */
export interface ContentOwner {
  /** The last byte was handed to the socket. */
  onContentEnd(): void
  /** The content broke off, or is not as long as declared: the message must not end as if it were whole. */
  onContentFail(error: Error): void
  /** The receiver took nothing for too long. */
  onContentStall(): void
}

/** What a sink writes, and to where. */
export interface MessageSinkOptions {
  readonly socket: Socket
  readonly clock: DeadlineClock
  /** The message's head, one character a byte: it goes out in one piece with content that is there already. */
  readonly head: string
  readonly isChunked: boolean
  /** How long the receiver may take nothing while bytes wait for it. */
  readonly stallMs: number
}

/** Pieces up to this size are copied next to their framing, so that both leave in one plain write. */
const MAX_COPIED_BYTES = 8_192

/** Sends a message with a streamed body on a socket, at the receiver's pace. */
export class MessageSink implements BodySink, Deadline {
  /** Bytes of content handed over so far. */
  bytes = 0
  deadlineMs: number = Infinity
  clockIndex: number = -1
  readonly #body: StreamBody
  readonly #options: MessageSinkOptions
  readonly #owner: ContentOwner
  #head: string
  #isBlocked = false
  #isOver = false

  constructor(body: StreamBody, options: MessageSinkOptions, owner: ContentOwner) {
    this.#body = body
    this.#options = options
    this.#owner = owner
    this.#head = options.head
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Begins to pull. */
  start(): void {
    this.#body.source.start(this)
    // A head does not wait for content that is slow to come.
    if (this.#head !== '' && !this.#isOver) this.#send(undefined)
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true
    this.bytes += chunk.length
    const { length } = this.#body
    if (length !== undefined && this.bytes > length) {
      this.#breakOff(new VaneError({ kind: 'internal' }, `body of more than the declared ${length} bytes`))
      return true
    }
    if (chunk.length === 0) return !this.#isBlocked
    return this.#send(chunk)
  }

  end(trailers: HeaderList | undefined): void {
    if (this.#isOver) return
    const { length } = this.#body
    if (length !== undefined && this.bytes !== length) {
      this.#breakOff(new VaneError({ kind: 'internal' }, `body of ${this.bytes} bytes where ${length} were declared`))
      return
    }
    let last: string
    try {
      last = this.#options.isChunked ? `0\r\n${trailers?.toWire(isHostOwned) ?? ''}\r\n` : ''
    } catch (error) {
      // A trailer that cannot be written, of a message that came by another version.
      this.fail(error instanceof Error ? error : new Error(String(error)))
      return
    }
    const rest = this.#head + last
    this.#head = ''
    if (rest !== '') this.#options.socket.write(rest, 'latin1')
    this.#settle()
    this.#owner.onContentEnd()
  }

  fail(error: Error): void {
    if (this.#isOver) return
    this.#settle()
    this.#owner.onContentFail(error)
  }

  /** The socket has room again. */
  onDrain(): void {
    if (!this.#isBlocked || this.#isOver) return
    this.#isBlocked = false
    this.#options.clock.delete(this)
    this.#body.source.resume()
  }

  /** The receiver is gone: stops pulling. */
  abandon(reason: Error): void {
    if (this.#isOver) return
    this.#settle()
    this.#body.source.cancel(reason)
  }

  onDeadline(): void {
    this.#owner.onContentStall()
  }

  #send(chunk: Uint8Array | undefined): boolean {
    const { socket, clock, isChunked, stallMs } = this.#options
    const head = this.#head
    this.#head = ''
    let hasRoom: boolean
    if (chunk === undefined) hasRoom = socket.write(head, 'latin1')
    else {
      const before = isChunked ? `${head}${chunk.length.toString(16)}\r\n` : head
      if (before === '') hasRoom = socket.write(chunk)
      else hasRoom = writeTogether(socket, { before, chunk, after: isChunked ? '\r\n' : '' })
    }
    if (hasRoom || this.#isBlocked || this.#isOver) return hasRoom
    this.#isBlocked = true
    clock.add(this)
    clock.set(this, stallMs)
    return false
  }

  #breakOff(error: VaneError): void {
    this.abandon(error)
    this.#owner.onContentFail(error)
  }

  #settle(): void {
    this.#isOver = true
    if (this.#isBlocked) this.#options.clock.delete(this)
  }
}

/** Content between two texts. */
export interface FramedContent {
  readonly before: string
  readonly chunk: Uint8Array
  readonly after: string
}

/** Writes texts and content by one system call. @returns false where the socket has no more room. */
export function writeTogether(socket: Socket, { before, chunk, after }: FramedContent): boolean {
  if (chunk.length <= MAX_COPIED_BYTES) {
    const content = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')
    return socket.write(before + content + after, 'latin1')
  }
  socket.cork()
  socket.write(before, 'latin1')
  let hasRoom = socket.write(chunk)
  if (after !== '') hasRoom = socket.write(after, 'latin1')
  socket.uncork()
  return hasRoom
}
