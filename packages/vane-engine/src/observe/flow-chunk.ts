import { Buffer } from 'node:buffer'

/** Bytes of a chunk. */
const CHUNK_BYTES = 65_536
/** Values of a chunk. Records of requests have 3, and are so long that they run out of bytes before. */
const CHUNK_VALUES = 4_096
/** Records begin where doubles may stand, so that these bits of their lengths are free. */
const VALUE_COUNT_MASK = 7

/** Where a record stands in its chunk. */
export interface RecordPlace {
  /** Its first byte, a multiple of 8. */
  readonly at: number
  /** Its first value. */
  readonly valueAt: number
  readonly byteCount: number
}

/**
 * A piece of the flow log's memory, which records are put into one after the other: numbers and texts as bytes, and beside
 * them values that are there anyway, such as names of rules. The first word of a record is its length.
 */
export class FlowChunk {
  readonly words: Uint32Array
  readonly doubles: Float64Array
  readonly bytes: Buffer
  readonly values: unknown[] = new Array<unknown>(CHUNK_VALUES).fill(undefined)
  /** Of the last record: its first byte, a multiple of 8. */
  at = 0
  /** Of the last record: its first value. */
  valueAt = 0
  #byteCount = 0
  #valueCount = 0
  #recordCount = 0

  constructor() {
    const memory = new ArrayBuffer(CHUNK_BYTES)
    this.words = new Uint32Array(memory)
    this.doubles = new Float64Array(memory)
    this.bytes = Buffer.from(memory)
  }

  get recordCount(): number {
    return this.#recordCount
  }

  /**
   * Puts in a record of so many bytes, a multiple of 8, and values, at most 7. The caller writes it: from {@link at} on,
   * but for its first word, and from {@link valueAt} on.
   *
   * @returns `false` where there is no room.
   */
  add(byteCount: number, valueCount: number): boolean {
    const at = this.#byteCount
    const valueAt = this.#valueCount
    if (at + byteCount > CHUNK_BYTES || valueAt + valueCount > CHUNK_VALUES) return false
    this.words[at >> 2] = byteCount | valueCount
    this.at = at
    this.valueAt = valueAt
    this.#byteCount = at + byteCount
    this.#valueCount = valueAt + valueCount
    this.#recordCount++
    return true
  }

  /** Its records, oldest first. */
  *places(): Generator<RecordPlace> {
    let valueAt = 0
    for (let at = 0; at < this.#byteCount;) {
      const length = this.words[at >> 2]!
      const valueCount = length & VALUE_COUNT_MASK
      const byteCount = length - valueCount
      yield { at, valueAt, byteCount }
      at += byteCount
      valueAt += valueCount
    }
  }

  /** Forgets all records. */
  clear(): void {
    this.values.fill(undefined, 0, this.#valueCount)
    this.#byteCount = 0
    this.#valueCount = 0
    this.#recordCount = 0
  }
}
