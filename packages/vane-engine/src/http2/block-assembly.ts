import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import { FLAG, FRAME, MAX_FRAME_BYTES } from './frame-type.ts'
import { toBlockFragment } from './frame-content.ts'
import type { Frame } from './frame-reader.ts'

/** CONTINUATION frames of one block beyond those that its size needs (CVE-2024-27316 and its kin). */
const SPARE_CONTINUATIONS = 8

/** A field block that is complete. */
export interface AssembledBlock {
  readonly streamId: number
  readonly endStream: boolean
  readonly block: Buffer
}

/** Puts field blocks together from HEADERS and CONTINUATION (RFC 9113 §4.3). */
export class BlockAssembly {
  readonly #maxBlockBytes: number
  readonly #maxContinuations: number
  #streamId = 0
  #endStream = false
  #parts: Buffer[] = []
  #bytes = 0
  #continuations = 0

  /** @param maxListBytes limit of the decoded fields; twice that is taken encoded, so that the excess can be told of. */
  constructor(maxListBytes: number) {
    this.#maxBlockBytes = 2 * maxListBytes
    this.#maxContinuations = SPARE_CONTINUATIONS + Math.ceil(this.#maxBlockBytes / MAX_FRAME_BYTES)
  }

  /** Whether a block has begun that is not complete: then no other frame may come. */
  get isOpen(): boolean {
    return this.#streamId !== 0
  }

  /**
   * Takes a frame.
   *
   * @returns the block, once it is complete.
   * @throws ConnectionFault where the frame may not come now, or the block is too large to be followed.
   */
  push(frame: Frame): AssembledBlock | undefined {
    const isLast = (frame.flags & FLAG.endHeaders) !== 0
    let fragment = frame.payload
    if (frame.type === FRAME.headers) {
      fragment = toBlockFragment(frame)
      const endStream = (frame.flags & FLAG.endStream) !== 0
      if (isLast) return { streamId: frame.streamId, endStream, block: fragment }
      this.#streamId = frame.streamId
      this.#endStream = endStream
    } else this.#checkContinuation(frame)
    this.#bytes += fragment.length
    if (this.#bytes > this.#maxBlockBytes) throw tooLarge(`field block of more than ${this.#maxBlockBytes} bytes`)
    this.#parts.push(fragment)
    return isLast ? this.#finish() : undefined
  }

  #checkContinuation({ streamId }: Frame): void {
    if (!this.isOpen || streamId !== this.#streamId)
      throw new ConnectionFault(ERROR_CODE.protocolError, 'CONTINUATION without its HEADERS')
    if (++this.#continuations > this.#maxContinuations)
      throw tooLarge(`field block of more than ${this.#maxContinuations} CONTINUATION frames`)
  }

  #finish(): AssembledBlock {
    const block = Buffer.concat(this.#parts)
    const assembled = { streamId: this.#streamId, endStream: this.#endStream, block }
    this.#streamId = 0
    this.#parts = []
    this.#bytes = 0
    this.#continuations = 0
    return assembled
  }
}

function tooLarge(message: string): ConnectionFault {
  return new ConnectionFault(ERROR_CODE.enhanceYourCalm, message, 'http2_continuations')
}
