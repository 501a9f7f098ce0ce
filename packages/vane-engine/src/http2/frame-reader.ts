import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import { FRAME, FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from './frame-type.ts'

/** One frame. Its payload is a view of bytes that nobody writes to again. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

/** Cuts the bytes of a connection into frames. Holds at most one frame that is not complete. */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => boolean
  /** Bytes of the frame that is not complete. */
  #held: Buffer = Buffer.allocUnsafe(FRAME_HEADER_BYTES)
  #heldBytes = 0
  #isOver = false

  /** @param onFrame answers false when it wants no more. */
  constructor(onFrame: (frame: Frame) => boolean) {
    this.#onFrame = onFrame
  }

  /** Whether a frame other than DATA has begun that is not complete. */
  get isWithinHead(): boolean {
    if (this.#heldBytes === 0) return false
    return this.#heldBytes < FRAME_HEADER_BYTES || this.#held[3] !== FRAME.data
  }

  /**
   * Reads on. Whatever `onFrame` throws comes through.
   *
   * @throws ConnectionFault where a frame is too large.
   */
  push(chunk: Buffer): void {
    let at = this.#heldBytes > 0 ? this.#complete(chunk) : 0
    while (!this.#isOver && chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + lengthOf(chunk, at)
      if (end > chunk.length) break
      this.#dispatch(chunk, at, end)
      at = end
    }
    if (!this.#isOver && at < chunk.length) this.#hold(chunk, at)
  }

  /** @returns how much of the chunk went to the frame that was held. */
  #complete(chunk: Buffer): number {
    let at = this.#fill(chunk, 0, FRAME_HEADER_BYTES)
    if (this.#heldBytes < FRAME_HEADER_BYTES) return at
    const total = FRAME_HEADER_BYTES + lengthOf(this.#held, 0)
    if (this.#held.length < total) this.#enlarge(total)
    at = this.#fill(chunk, at, total)
    if (this.#heldBytes < total) return at
    const frame = this.#held
    this.#held = Buffer.allocUnsafe(FRAME_HEADER_BYTES)
    this.#heldBytes = 0
    this.#dispatch(frame, 0, total)
    return at
  }

  #hold(chunk: Buffer, at: number): void {
    const rest = chunk.length - at
    if (rest >= FRAME_HEADER_BYTES) this.#enlarge(FRAME_HEADER_BYTES + lengthOf(chunk, at))
    this.#heldBytes = chunk.copy(this.#held, 0, at)
  }

  #fill(chunk: Buffer, at: number, upTo: number): number {
    if (this.#heldBytes >= upTo) return at
    const end = Math.min(chunk.length, at + upTo - this.#heldBytes)
    this.#heldBytes += chunk.copy(this.#held, this.#heldBytes, at, end)
    return end
  }

  #enlarge(bytes: number): void {
    const larger = Buffer.allocUnsafe(bytes)
    this.#held.copy(larger, 0, 0, this.#heldBytes)
    this.#held = larger
  }

  #dispatch(bytes: Buffer, at: number, end: number): void {
    const frame: Frame = {
      type: bytes[at + 3]!,
      flags: bytes[at + 4]!,
      // The reserved bit is ignored (RFC 9113 §4.1).
      streamId: bytes.readUInt32BE(at + 5) & 0x7fffffff,
      payload: bytes.subarray(at + FRAME_HEADER_BYTES, end),
    }
    if (!this.#onFrame(frame)) this.#isOver = true
  }
}

function lengthOf(bytes: Buffer, at: number): number {
  const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
  if (length > MAX_FRAME_BYTES)
    throw new ConnectionFault(
      ERROR_CODE.frameSizeError,
      `frame of ${length} bytes where ${MAX_FRAME_BYTES} are allowed`,
    )
  return length
}
