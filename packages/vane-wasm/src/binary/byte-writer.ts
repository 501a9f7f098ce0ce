/** A growing buffer of wasm binary. */
export class ByteWriter {
  #buffer: Uint8Array
  #length: number = 0

  constructor(capacity: number = 1024) {
    this.#buffer = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }

  u8(byte: number): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = byte
  }

  /** Unsigned LEB128, shortest form. */
  u32(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.u8(rest)
  }

  /** Signed LEB128 of the lowest 32 bits, shortest form. */
  s32(value: number): void {
    let rest = value | 0
    while (rest < -0x40 || rest >= 0x40) {
      this.u8((rest & 0x7f) | 0x80)
      rest >>= 7
    }
    this.u8(rest & 0x7f)
  }

  write(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Text as a length-prefixed UTF-8 name. */
  name(text: string): void {
    this.sized(new TextEncoder().encode(text))
  }

  /** Bytes behind their length. */
  sized(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.write(bytes)
  }

  reset(): void {
    this.#length = 0
  }

  /** What was written, as a view that the next write may change. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  /** What was written, as a copy of its own. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length)
  }
}
