import { ConnectionFault } from '../connection-fault.ts'
import { ERROR_CODE } from '../error-code.ts'
import { huffmanDecode } from './huffman-decode.ts'
import { FIRST_DYNAMIC, STATIC_TABLE } from './static-table.ts'

/** Bytes that each field counts besides its name and value (RFC 7541 §4.1, RFC 9113 §6.5.2). */
export const FIELD_OVERHEAD_BYTES = 32
/** Size of the dynamic table that peers may use: the initial value, which is never changed. */
export const TABLE_BYTES = 4096
/** As many entries as fit into the table. */
const RING_ENTRIES = TABLE_BYTES / FIELD_OVERHEAD_BYTES

/** The fields of one block. */
export interface FieldBlock {
  /** `[name, value, …]`, one UTF-16 unit per byte; cut short where the block is too large. */
  readonly pairs: string[]
  /** Whether the fields are more than the limit. */
  readonly isTooLarge: boolean
  /** What is wrong with the first field that no message may have (RFC 9113 §8.2.1). */
  readonly fault: string | undefined
}

interface Entry {
  readonly name: string
  readonly value: string
  readonly fault: string | undefined
}

const STATIC_ENTRIES: readonly Entry[] = STATIC_TABLE.map(([name, value]) => ({ name, value, fault: undefined }))

/** A token without capitals, or a pseudo-header field (RFC 9110 §5.6.2, RFC 9113 §8.2.1). */
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/
const NOT_IN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$/

/**
 * Decodes field blocks of one connection (RFC 7541).
 *
 * What is wrong with a field is found where its bytes are read, once, and stays with its entry in the table: a field of which
 * something is wrong is never left out in silence, since the rest of the message would then be taken for the whole.
 */
export class HpackDecoder {
  readonly #maxListBytes: number
  /** A ring: the oldest at `#first`, and `#count` of them. */
  readonly #entries: (Entry | undefined)[] = []
  #first = 0
  #count = 0
  #tableBytes = 0
  #maxTableBytes = TABLE_BYTES
  #bytes: Buffer = EMPTY
  #at = 0

  /** @param maxListBytes bytes of all fields of a block, with 32 for each. */
  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes
  }

  /**
   * Decodes a whole block.
   *
   * @throws ConnectionFault where it is no HPACK: the table can no longer be the peer's.
   */
  decode(block: Buffer): FieldBlock {
    this.#bytes = block
    this.#at = 0
    const pairs: string[] = []
    let listBytes = 0
    let fault: string | undefined
    let mayResize = true
    while (this.#at < block.length) {
      const first = block[this.#at]!
      if ((first & 0xe0) === 0x20) {
        if (!mayResize) throw malformed('table size update behind a field')
        this.#resize(this.#integer(5))
        continue
      }
      mayResize = false
      const entry = this.#field(first)
      listBytes += sizeOf(entry)
      // One byte can stand for a field of 4 KiB; past the limit the block is only followed for the sake of the table.
      if (listBytes > this.#maxListBytes) continue
      fault ??= entry.fault
      pairs.push(entry.name, entry.value)
    }
    this.#bytes = EMPTY
    return { pairs, isTooLarge: listBytes > this.#maxListBytes, fault }
  }

  #field(first: number): Entry {
    if ((first & 0x80) !== 0) return this.#indexed(this.#integer(7))
    const isKept = (first & 0x40) !== 0
    const nameIndex = this.#integer(isKept ? 6 : 4)
    const name = nameIndex === 0 ? this.#text() : this.#indexed(nameIndex).name
    const value = this.#text()
    const entry = { name, value, fault: findFault(name, value) }
    if (isKept) this.#keep(entry)
    return entry
  }

  #indexed(index: number): Entry {
    const entry = index < FIRST_DYNAMIC ? STATIC_ENTRIES[index - 1] : this.#dynamic(index - FIRST_DYNAMIC)
    if (entry === undefined) throw malformed(`index ${index}, which no field has`)
    return entry
  }

  /** @param age 0 for the newest. */
  #dynamic(age: number): Entry | undefined {
    return age < this.#count ? this.#entries[(this.#first + this.#count - 1 - age) % RING_ENTRIES] : undefined
  }

  #keep(entry: Entry): void {
    const bytes = sizeOf(entry)
    // One that is larger than the table empties it (RFC 7541 §4.4).
    this.#evict(this.#maxTableBytes - bytes)
    if (bytes > this.#maxTableBytes) return
    this.#tableBytes += bytes
    this.#entries[(this.#first + this.#count++) % RING_ENTRIES] = entry
  }

  #resize(maxBytes: number): void {
    if (maxBytes > TABLE_BYTES) throw malformed(`table of ${maxBytes} bytes where ${TABLE_BYTES} are allowed`)
    this.#maxTableBytes = maxBytes
    this.#evict(maxBytes)
  }

  #evict(toBytes: number): void {
    while (this.#count > 0 && this.#tableBytes > toBytes) {
      this.#tableBytes -= sizeOf(this.#entries[this.#first]!)
      this.#entries[this.#first] = undefined
      this.#first = (this.#first + 1) % RING_ENTRIES
      this.#count--
    }
  }

  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1
    let value = this.#byte() & mask
    if (value < mask) return value
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte()
      value += (byte & 0x7f) << shift
      if ((byte & 0x80) === 0) return value
    }
    throw malformed('an integer beyond all limits')
  }

  #text(): string {
    const isHuffman = this.#at < this.#bytes.length && (this.#bytes[this.#at]! & 0x80) !== 0
    const length = this.#integer(7)
    const start = this.#at
    this.#at += length
    if (this.#at > this.#bytes.length) throw malformed('a text that is longer than the block')
    return isHuffman
      ? huffmanDecode(this.#bytes.subarray(start, this.#at))
      : this.#bytes.toString('latin1', start, this.#at)
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw malformed('a field that the block ends within')
    return this.#bytes[this.#at++]!
  }
}

const EMPTY = Buffer.alloc(0)

function sizeOf({ name, value }: Entry): number {
  return name.length + value.length + FIELD_OVERHEAD_BYTES
}

function findFault(name: string, value: string): string | undefined {
  if (!NAME.test(name)) return 'a field name that is no lower-case token'
  return NOT_IN_VALUE.test(value) ? 'a character that no field value may have' : undefined
}

function malformed(what: string): ConnectionFault {
  return new ConnectionFault(ERROR_CODE.compressionError, `field block with ${what}`)
}
