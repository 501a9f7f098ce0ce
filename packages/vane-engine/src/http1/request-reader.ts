import { CR, LF } from './char-class.ts'
import { HeadAssembler } from './head-assembler.ts'
import { HeadFault } from './head-fault.ts'
import type { DecodedRequest, RequestDecoder } from './request-decoder.ts'

/** Gets the heads of requests out of a client's bytes, one after the other. */
export class RequestReader {
  /** Index behind the bytes that the last `read` used. */
  end = 0
  readonly #heads: HeadAssembler<DecodedRequest>
  /** Of the empty line that may precede a request (RFC 9112 §2.2): 0 none of it, 1 its CR, 2 all. */
  #emptyLine = 0

  constructor(decoder: RequestDecoder, { scheme, maxBytes }: { scheme: 'http' | 'https'; maxBytes: number }) {
    this.#heads = new HeadAssembler((bytes, from) => decoder.decode(bytes, from, scheme), maxBytes)
  }

  /** Whether a request has begun whose head is not complete. */
  get isPartial(): boolean {
    return this.#heads.isPartial || this.#emptyLine === 1
  }

  /**
   * Reads on, up to the end of a head where it is among the bytes.
   *
   * @returns `undefined` where more bytes are needed: then all were used.
   * @throws HeadFault or ClientFault for what is no request.
   */
  read(bytes: Buffer, from: number): DecodedRequest | undefined {
    const at = this.#heads.isPartial ? from : this.#skipEmptyLine(bytes, from)
    this.end = at
    if (at >= bytes.length) return undefined
    const decoded = this.#heads.take(bytes, at)
    this.end = this.#heads.end
    if (decoded !== undefined) this.#emptyLine = 0
    return decoded
  }

  /** Forgets what has begun. */
  drop(): void {
    this.#heads.drop()
    this.#emptyLine = 0
  }

  #skipEmptyLine(bytes: Buffer, from: number): number {
    let at = from
    if (this.#emptyLine === 0 && bytes[at] === CR) {
      this.#emptyLine = 1
      at++
    }
    if (this.#emptyLine === 1 && at < bytes.length) {
      if (bytes[at] !== LF) throw new HeadFault('carriage return without line feed')
      this.#emptyLine = 2
      at++
    }
    return at
  }
}
