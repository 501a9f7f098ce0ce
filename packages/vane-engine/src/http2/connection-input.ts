import { BlockAssembly } from './block-assembly.ts'
import { checkFrame } from './check-frame.ts'
import { ConnectionFault } from './connection-fault.ts'
import { ERROR_CODE } from './error-code.ts'
import { type Frame, FrameReader } from './frame-reader.ts'
import { FLAG, FRAME } from './frame-type.ts'
import { type FieldBlock, HpackDecoder } from './hpack/hpack-decoder.ts'

/** Who hears of what comes in. What it throws comes through. */
export interface InputHandler {
  /** Whether nothing more is wanted. */
  readonly isOver: boolean
  /** A frame that is no part of a field block. */
  onFrame(frame: Frame): void
  /** A field block is complete. */
  onFields(streamId: number, fields: FieldBlock, endStream: boolean): void
  /** A head was too slow to come. */
  onHeaderTimeout(): void
}

/** What comes in by a connection: bytes become frames, and HEADERS with what continues them become fields. */
export class ConnectionInput {
  readonly #handler: InputHandler
  readonly #headerTimeoutMs: number
  readonly #decoder: HpackDecoder
  readonly #assembly: BlockAssembly
  readonly #reader: FrameReader
  #hasSettings = false
  #headerTimer: NodeJS.Timeout | undefined

  constructor(handler: InputHandler, limits: { readonly maxHeaderBytes: number; readonly headerTimeoutMs: number }) {
    this.#handler = handler
    this.#headerTimeoutMs = limits.headerTimeoutMs
    this.#decoder = new HpackDecoder(limits.maxHeaderBytes)
    this.#assembly = new BlockAssembly(limits.maxHeaderBytes)
    this.#reader = new FrameReader((frame) => this.#onFrame(frame))
  }

  /**
   * Reads on.
   *
   * @throws ConnectionFault
   */
  push(chunk: Buffer): void {
    this.#reader.push(chunk)
    // A head may not take longer than its timeout, be it that its bytes or its frames are slow to come.
    if (this.#handler.isOver || !this.isWithinHead) this.stop()
    else this.#headerTimer ??= setTimeout(() => this.#handler.onHeaderTimeout(), this.#headerTimeoutMs)
  }

  /** Whether a head, or a frame that might be part of one, has begun and is not complete. */
  get isWithinHead(): boolean {
    return this.#assembly.isOpen || this.#reader.isWithinHead
  }

  /** Stops the clock. */
  stop(): void {
    clearTimeout(this.#headerTimer)
    this.#headerTimer = undefined
  }

  #onFrame(frame: Frame): boolean {
    const { type } = frame
    if (this.#assembly.isOpen && type !== FRAME.continuation)
      throw new ConnectionFault(ERROR_CODE.protocolError, `frame of type ${type} within a field block`)
    checkFrame(frame)
    if (!this.#hasSettings) {
      if (type !== FRAME.settings || (frame.flags & FLAG.ack) !== 0)
        throw new ConnectionFault(ERROR_CODE.protocolError, 'no SETTINGS at the beginning')
      this.#hasSettings = true
    }
    if (type !== FRAME.headers && type !== FRAME.continuation) this.#handler.onFrame(frame)
    else {
      const assembled = this.#assembly.push(frame)
      if (assembled !== undefined) {
        // The next head gets a time of its own.
        this.stop()
        const { streamId, endStream, block } = assembled
        this.#handler.onFields(streamId, this.#decoder.decode(block), endStream)
      }
    }
    return !this.#handler.isOver
  }
}
