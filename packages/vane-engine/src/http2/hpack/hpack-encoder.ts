import { FIELD_OVERHEAD_BYTES, TABLE_BYTES } from './hpack-decoder.ts'
import { FIRST_DYNAMIC, STATIC_TABLE } from './static-table.ts'

/**
 * Fields that go into the dynamic table: those that repeat and that nobody has reason to keep secret. All others are sent as
 * never indexed, which is what a proxy owes a field that came so (RFC 7541 §6.2.3, §7.1).
 */
const INDEXED: ReadonlySet<string> = new Set([
  ':authority',
  ':status',
  'accept',
  'accept-encoding',
  'accept-language',
  'accept-ranges',
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'cache-control',
  'content-encoding',
  'content-type',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-status',
  'server',
  'strict-transport-security',
  'te',
  'user-agent',
  'vary',
  'via',
  'x-content-type-options',
  'x-frame-options',
])

/** Fields that change with each message and hold no secret either: sent as they are, without a word on indexing. */
const CHANGING: ReadonlySet<string> = new Set([
  ':path',
  'age',
  'content-length',
  'content-range',
  'date',
  'etag',
  'expires',
  'grpc-message',
  'grpc-timeout',
  'last-modified',
])

/** Longest value that is worth a place in the table. */
const MAX_INDEXED_LENGTH = 512

/** What is known of a name. */
interface KnownName {
  /** In the static table; 0 where it is not there. */
  readonly index: number
  /** Of whole fields in the static table, by value. */
  readonly values: ReadonlyMap<string, number>
  readonly isIndexed: boolean
  readonly isChanging: boolean
}

const KNOWN_NAMES = toKnownNames()

/**
 * Encodes field blocks of one connection (RFC 7541). Texts are sent as they are: Huffman codes would spend more time here
 * than they save bytes.
 */
export class HpackEncoder {
  #buffer: Buffer = Buffer.allocUnsafe(1024)
  #length = 0
  /** Sequence number of each entry's insertion, by name and value. */
  readonly #numbers = new Map<string, Map<string, number>>()
  /** Oldest first. */
  readonly #entries: { readonly name: string; readonly value: string }[] = []
  #lastNumber = 0
  #tableBytes = 0
  #maxTableBytes = TABLE_BYTES
  /** Size updates that the next block begins with: the smallest since the last block, then the present one. */
  #updates: number[] = []

  /** Obeys the peer's SETTINGS_HEADER_TABLE_SIZE; more than 4096 bytes are never used. */
  setPeerTableBytes(bytes: number): void {
    const wanted = Math.min(bytes, TABLE_BYTES)
    if (wanted === this.#maxTableBytes) return
    const smallest = Math.min(wanted, ...this.#updates)
    this.#updates = smallest < wanted ? [smallest, wanted] : [wanted]
    this.#maxTableBytes = wanted
    this.#evict(wanted)
  }

  /**
   * Encodes a block. Names are in lower case and everything is one UTF-16 unit per byte; the caller has made sure.
   *
   * @returns a view that the next call overwrites.
   */
  encode(pairs: readonly string[]): Buffer {
    this.#length = 0
    for (const bytes of this.#updates) this.#integer(0x20, 5, bytes)
    if (this.#updates.length > 0) this.#updates = []
    for (let at = 0; at < pairs.length; at += 2) this.#field(pairs[at]!, pairs[at + 1]!)
    return this.#buffer.subarray(0, this.#length)
  }

  #field(name: string, value: string): void {
    const known = KNOWN_NAMES.get(name)
    const whole = known?.values.get(value)
    if (whole !== undefined) {
      this.#integer(0x80, 7, whole)
      return
    }
    if (known?.isIndexed !== true || value.length > MAX_INDEXED_LENGTH) {
      this.#literal(known?.isChanging === true ? 0x00 : 0x10, 4, known?.index ?? 0, name)
      this.#text(value)
      return
    }
    const number = this.#numbers.get(name)?.get(value)
    if (number !== undefined) {
      this.#integer(0x80, 7, FIRST_DYNAMIC + this.#lastNumber - number)
      return
    }
    this.#literal(0x40, 6, known?.index ?? 0, name)
    this.#text(value)
    this.#keep(name, value)
  }

  #literal(pattern: number, prefixBits: number, nameIndex: number, name: string): void {
    this.#integer(pattern, prefixBits, nameIndex)
    if (nameIndex === 0) this.#text(name)
  }

  #keep(name: string, value: string): void {
    const bytes = name.length + value.length + FIELD_OVERHEAD_BYTES
    if (bytes > this.#maxTableBytes) {
      // Such an entry empties the table (RFC 7541 §4.4).
      this.#evict(0)
      return
    }
    this.#evict(this.#maxTableBytes - bytes)
    this.#tableBytes += bytes
    this.#entries.push({ name, value })
    let values = this.#numbers.get(name)
    if (values === undefined) this.#numbers.set(name, (values = new Map<string, number>()))
    values.set(value, ++this.#lastNumber)
  }

  #evict(toBytes: number): void {
    while (this.#tableBytes > toBytes) {
      const { name, value } = this.#entries.shift()!
      this.#tableBytes -= name.length + value.length + FIELD_OVERHEAD_BYTES
      this.#numbers.get(name)!.delete(value)
    }
  }

  #integer(pattern: number, prefixBits: number, value: number): void {
    this.#reserve(6)
    const mask = (1 << prefixBits) - 1
    if (value < mask) {
      this.#buffer[this.#length++] = pattern | value
      return
    }
    this.#buffer[this.#length++] = pattern | mask
    let rest = value - mask
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#length++] = rest
  }

  #text(text: string): void {
    this.#integer(0, 7, text.length)
    this.#reserve(text.length)
    this.#length += this.#buffer.write(text, this.#length, text.length, 'latin1')
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

function toKnownNames(): ReadonlyMap<string, KnownName> {
  const names = new Map<string, KnownName & { readonly values: Map<string, number> }>()
  const note = (name: string, index: number): Map<string, number> => {
    let known = names.get(name)
    if (known === undefined) {
      known = { index, values: new Map(), isIndexed: INDEXED.has(name), isChanging: CHANGING.has(name) }
      names.set(name, known)
    }
    return known.values
  }
  STATIC_TABLE.forEach(([name, value], at) => {
    const values = note(name, at + 1)
    if (value !== '') values.set(value, at + 1)
  })
  for (const name of [...INDEXED, ...CHANGING]) note(name, 0)
  return names
}
