import { BinaryFormatError } from './binary-format-error.ts'

/** Entries that may still be read from lists, shared by all readers of one file. */
export interface EntryBudget {
  left: number
}

/**
 * Entries of all lists of one file. A plugin with the largest toolchain has some 5,000; the bytes alone would allow tens of
 * millions, each of which costs a hundred bytes once it is an object.
 */
const MAX_ENTRIES = 500_000

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads a stretch of a wasm binary; every read is checked against its end. */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly end: number
  /** Offset of the next byte. */
  at: number
  readonly #budget: EntryBudget

  /** @param budget of the file that the stretch belongs to; a reader without one begins its own. */
  constructor(
    bytes: Uint8Array,
    start: number = 0,
    end: number = bytes.length,
    budget: EntryBudget = { left: MAX_ENTRIES },
  ) {
    if (start > end || end > bytes.length) throw new BinaryFormatError('unexpected end')
    this.bytes = bytes
    this.at = start
    this.end = end
    this.#budget = budget
  }

  get done(): boolean {
    return this.at >= this.end
  }

  u8(): number {
    if (this.at >= this.end) throw new BinaryFormatError('unexpected end')
    return this.bytes[this.at++]!
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    // Nearly every number in a binary takes one byte.
    const first = this.u8()
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.u8()
      if (shift === 28 && byte > 0x0f) break
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new BinaryFormatError('integer too long')
  }

  /** Signed LEB128 of at most 33 bits. */
  s33(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - 2 ** (shift + 7)
    }
    throw new BinaryFormatError('integer too long')
  }

  /** A length-prefixed list, whose entries count against the budget of the file. */
  vector<T>(read: () => T): T[] {
    const out: T[] = []
    this.forEach(() => void out.push(read()))
    return out
  }

  /** Like {@link vector}, for entries that need not be kept. */
  forEach(read: () => void): void {
    for (let count = this.u32(); count > 0; count--) {
      if (--this.#budget.left < 0) throw new BinaryFormatError(`more than ${MAX_ENTRIES} entries`)
      read()
    }
  }

  /** A length-prefixed UTF-8 text. */
  name(): string {
    const bytes = this.sizedBytes()
    try {
      return STRICT_UTF8.decode(bytes)
    } catch (error) {
      throw new BinaryFormatError('a name is not UTF-8', { cause: error })
    }
  }

  /** Passes over a LEB128 of at most `maxBytes` bytes: 5 for s32 and s33, 10 for s64. */
  skipLeb(maxBytes: number): void {
    for (let i = 0; i < maxBytes; i++) if (this.u8() < 0x80) return
    throw new BinaryFormatError('integer too long')
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw new BinaryFormatError('unexpected end')
    this.at += count
  }

  /** A length-prefixed vector of bytes as a view, not a copy. */
  sizedBytes(): Uint8Array {
    const length = this.u32()
    const start = this.at
    this.skip(length)
    return this.bytes.subarray(start, this.at)
  }

  /** A reader of a length-prefixed stretch, which this reader then has behind it. */
  section(): ByteReader {
    const length = this.u32()
    const start = this.at
    this.skip(length)
    return new ByteReader(this.bytes, start, this.at, this.#budget)
  }
}
