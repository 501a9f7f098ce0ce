/** Thrown by {@link BinaryReader} for bytes that are not what they should be. */
export class BinaryFormatError extends Error {
  override readonly name = 'BinaryFormatError'
}

/** Reads the primitives of the WebAssembly binary format from bytes that nobody vouches for. */
export class BinaryReader {
  readonly #bytes: Uint8Array
  #position: number
  readonly #end: number

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#end
  }

  /** Offset from the beginning of the bytes that the first reader was given. */
  get position(): number {
    return this.#position
  }

  byte(): number {
    if (this.#position >= this.#end) throw new BinaryFormatError(`unexpected end at byte ${this.#position}`)
    return this.#bytes[this.#position++]!
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      // The fifth byte holds the four topmost bits and may say no more.
      if (shift === 28 && byte > 0x0f) break
      result += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) === 0) return result
    }
    throw new BinaryFormatError(`number out of range at byte ${this.#position}`)
  }

  /** Signed LEB128 of at most 33 bits: how a type is referred to, where negative numbers are built-in types. */
  s33(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      result += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) !== 0) continue
      return (byte & 0x40) === 0 ? result : result - 2 ** (shift + 7)
    }
    throw new BinaryFormatError(`number out of range at byte ${this.#position}`)
  }

  /** A length-prefixed UTF-8 text. */
  name(): string {
    const length = this.u32()
    const start = this.skip(length)
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.#bytes.subarray(start, start + length),
      )
    } catch {
      throw new BinaryFormatError(`name at byte ${start} is not UTF-8`)
    }
  }

  /** Calls `read` once for each entry of a length-prefixed list. */
  vector(read: () => void): void {
    // Each entry takes a byte at least, so a forged length ends at the end of the bytes, not of memory.
    for (let left = this.u32(); left > 0; left--) read()
  }

  /** Steps over bytes; answers where they began. */
  skip(length: number): number {
    const start = this.#position
    if (length > this.#end - start) throw new BinaryFormatError(`unexpected end at byte ${this.#end}`)
    this.#position = start + length
    return start
  }

  /** A reader of the next `length` bytes; this one goes on behind them. */
  slice(length: number): BinaryReader {
    const start = this.skip(length)
    return new BinaryReader(this.#bytes, start, start + length)
  }
}
