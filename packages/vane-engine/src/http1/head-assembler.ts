import { HeadBuffer } from './head-buffer.ts'
import { HeadFault } from './head-fault.ts'

/** Decodes one head that is there as a whole; `undefined` where the bytes end before it does. */
export type DecodeHead<Head> = (bytes: Buffer, from: number) => Head | undefined

/** Gets heads out of a connection's bytes, however they are cut. */
export class HeadAssembler<Head extends { readonly end: number }> {
  /** Index behind the bytes that the last `take` used. */
  end = 0
  readonly #decode: DecodeHead<Head>
  readonly #maxBytes: number
  #buffer: HeadBuffer | undefined

  constructor(decode: DecodeHead<Head>, maxBytes: number) {
    this.#decode = decode
    this.#maxBytes = maxBytes
  }

  /** Whether a head has begun and is not complete. */
  get isPartial(): boolean {
    return this.#buffer !== undefined
  }

  /**
   * Takes bytes in, up to the end of the head where it is among them.
   *
   * @returns `undefined` where more bytes are needed: then all were used.
   * @throws HeadFault or what the decoder throws.
   */
  take(bytes: Buffer, from: number): Head | undefined {
    if (this.#buffer === undefined) {
      const head = this.#decode(bytes, from)
      if (head !== undefined) {
        this.end = head.end
        return head
      }
      this.#buffer = new HeadBuffer(this.#maxBytes)
    }
    const end = this.#buffer.take(bytes, from)
    this.end = end === -1 ? bytes.length : end
    if (end === -1) return undefined
    const whole = this.#buffer.join()
    this.#buffer = undefined
    const head = this.#decode(whole, 0)
    if (head?.end !== whole.length) throw new HeadFault('empty line before the end of a head')
    return head
  }

  /** Forgets what has begun. */
  drop(): void {
    this.#buffer = undefined
  }
}
