import { BodyPipe, type BodyOwner } from './body-pipe.ts'
import type { ChunkedDecoder } from './chunked-decoder.ts'
import { ContentDecoder } from './content-decoder.ts'

/** The content of the message that a connection is receiving: its framing, and the pipe to whoever reads it. */
export class ReceivedContent {
  readonly pipe: BodyPipe
  readonly #decoder: ContentDecoder

  /** @param framing the declared length, a decoder of chunks, or `undefined` where only the connection's end ends it. */
  constructor(owner: BodyOwner, framing: number | ChunkedDecoder | undefined) {
    this.pipe = new BodyPipe(owner)
    this.#decoder = new ContentDecoder(framing)
  }

  /** Bytes still to come; `Infinity` where nobody knows. */
  get remainingBytes(): number {
    return this.#decoder.remaining
  }

  /** The last byte has come. */
  get isComplete(): boolean {
    return this.#decoder.isDone
  }

  /** Whether the end of the connection, and nothing else, is the end of the content. */
  get endsWithConnection(): boolean {
    return this.#decoder.endsWithConnection
  }

  /** Somebody reads, and has not had all of it. */
  get isBeingRead(): boolean {
    return this.pipe.isWanted && this.pipe.isStarted
  }

  /**
   * Takes bytes in.
   *
   * @returns the index behind what belongs to the content.
   * @throws HeadFault where the framing is broken.
   */
  take(bytes: Buffer, from: number): number {
    return this.#decoder.decode(bytes, from, this.pipe)
  }

  /** Tells the reader that it has all of it. */
  finish(): void {
    this.pipe.finish(this.#decoder.trailers)
  }
}
