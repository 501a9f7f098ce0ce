import { HeaderList } from 'vane-core'
import { CR, LF } from './char-class.ts'
import { ChunkExtension } from './chunk-extension.ts'
import type { FieldScanner } from './field-scanner.ts'
import { HeadBuffer } from './head-buffer.ts'
import { HeadFault } from './head-fault.ts'
import { type ContentTarget, PieceJoiner } from './piece-joiner.ts'
import { toTrailers } from './trailers.ts'

/** Digits of a chunk size, leading zeros counted: below 2^52. */
const MAX_SIZE_DIGITS = 13

const SEMICOLON = 0x3b

/** What comes next. */
const STATE = { size: 0, extension: 1, sizeFeed: 2, data: 3, dataReturn: 4, dataFeed: 5, trailers: 6, done: 7 } as const

/** Decodes one body in chunked coding (RFC 9112 §7.1), incrementally and without copying content. */
export class ChunkedDecoder {
  /** Fields of the trailer section that may pass. Set when the body is complete. */
  trailers: HeaderList | undefined
  readonly #scanner: FieldScanner
  readonly #maxTrailerBytes: number
  #state: number = STATE.size
  #digits = 0
  #size = 0
  #extension: ChunkExtension | undefined
  #trailerBuffer: HeadBuffer | undefined

  constructor(scanner: FieldScanner, maxTrailerBytes: number) {
    this.#scanner = scanner
    this.#maxTrailerBytes = maxTrailerBytes
  }

  get isDone(): boolean {
    return this.#state === STATE.done
  }

  /**
   * Decodes until the body ends or the bytes do.
   *
   * @returns the index behind the last byte of the body, or the bytes' length.
   * @throws HeadFault where the coding is broken.
   */
  decode(bytes: Uint8Array, from: number, target: ContentTarget): number {
    const end = bytes.length
    const pieces = new PieceJoiner(target)
    let at = from
    while (at < end && this.#state !== STATE.done) {
      const byte = bytes[at]!
      switch (this.#state) {
        case STATE.size:
          this.#readSize(byte)
          at++
          break
        case STATE.extension:
          if (this.#extension!.take(byte)) this.#state = STATE.sizeFeed
          at++
          break
        case STATE.sizeFeed:
          if (byte !== LF) throw new HeadFault('carriage return without line feed')
          this.#state = this.#size === 0 ? STATE.trailers : STATE.data
          at++
          break
        case STATE.data: {
          const length = Math.min(this.#size, end - at)
          pieces.add(bytes, at, at + length)
          at += length
          this.#size -= length
          if (this.#size === 0) this.#state = STATE.dataReturn
          break
        }
        case STATE.dataReturn:
          if (byte !== CR) throw new HeadFault('chunk longer than its size')
          this.#state = STATE.dataFeed
          at++
          break
        case STATE.dataFeed:
          if (byte !== LF) throw new HeadFault('carriage return without line feed')
          this.#state = STATE.size
          this.#digits = 0
          at++
          break
        case STATE.trailers:
          at = this.#readTrailers(bytes, at)
          break
      }
    }
    pieces.flush()
    return at
  }

  #readSize(byte: number): void {
    const digit = toHexDigit(byte)
    if (digit !== -1) {
      if (++this.#digits > MAX_SIZE_DIGITS) throw new HeadFault('chunk size with too many digits')
      this.#size = this.#size * 16 + digit
      return
    }
    // No sign, no space, no `0x`: what some parsers let pass and others do not is how they come to disagree.
    if (this.#digits === 0) throw new HeadFault('chunk size that is no hexadecimal number')
    if (byte === CR) this.#state = STATE.sizeFeed
    else if (byte === SEMICOLON) {
      this.#extension ??= new ChunkExtension()
      this.#extension.begin()
      this.#state = STATE.extension
    } else throw new HeadFault('chunk size that is no hexadecimal number')
  }

  #readTrailers(bytes: Uint8Array, from: number): number {
    if (this.#trailerBuffer === undefined) {
      // Nearly always there are none.
      if (bytes[from] === CR && bytes[from + 1] === LF) {
        this.#state = STATE.done
        return from + 2
      }
      this.#trailerBuffer = new HeadBuffer(this.#maxTrailerBytes)
    }
    const end = this.#trailerBuffer.take(bytes, from)
    if (end === -1) return bytes.length
    const section = this.#trailerBuffer.join()
    this.#scanner.scan(section, 0, 0)
    this.trailers = toTrailers(HeaderList.fromText(section.toString('latin1'), this.#scanner.takeEndToEndSpans()))
    this.#state = STATE.done
    return end
  }
}

function toHexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
