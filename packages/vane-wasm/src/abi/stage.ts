import type { StringEncoding } from '../parse/component-binary.ts'
import type { FlatValue } from './codec.ts'

// Words of a staged value's head, as `placer.wat` reads them.
const SIZE = 0
const ALIGN = 1
const LENGTH = 2
const TARGET = 3
const KIND = 4
const PLACE = 5
const NEXT = 6
/** Two words: the pair of a value that is passed flat. */
const OWN_PAIR = 7
const HEAD_BYTES = 40

/** The host copies the bytes itself: they are too many to be copied twice. */
const KIND_LARGE = 0
const KIND_INLINE = 1
/** The next bytes of the text, which all strings are gathered in: writing one string costs as much as writing all. */
const KIND_TEXT = 2
/** A list of strings, or of records of nothing but strings: the length of each stands in its pair. */
const KIND_TEXTS = 3

/** 0 is what the placer answers where nothing is wrong. */
const START = 8
const MAX_STAGED_BYTES = 1024
/** A longer string is encoded by itself. */
export const MAX_STAGED_UNITS = 16_384
/** A list of strings that has more is laid out string by string. */
const MAX_LISTED_UNITS = 262_144
/** Room behind the text for one more character, however wide: that it is used tells a text that is not ASCII. */
const SLACK_BYTES = 8
/** The text begins at a multiple of this behind the values: mostly at the same place, of which a view is at hand. */
const TEXT_ALIGN = 16_384
/** Making zeros by a call of the engine's is worth it from so many words. */
const MIN_FILLED_WORDS = 64
const PAGE_BYTES = 65_536

/** In a string that is Latin-1 or UTF-16, the topmost bit of its length tells UTF-16. */
const UTF16_TAG = 0x8000_0000

const UTF8 = new TextEncoder()

/** As a target: the pair is passed flat. */
export const FLAT = 0

/** Where staged values begin and end, and where their text begins; in bytes. */
export interface StagedRange {
  readonly start: number
  readonly end: number
  readonly text: number
}

/**
 * Where values are laid out on their way into a guest: all values of one crossing are then placed there by one call into wasm
 * (`placer.wat`), which has the guest allocate each of them in turn. Until then the pairs of pointer and length that stand for
 * strings and lists are open.
 *
 * No guest ever has this memory. The thread has one, since nothing else runs between laying out and placing.
 */
export class Stage {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 2 })
  /** Where codecs write: as it is now, growing replaces it. */
  view: DataView
  /** Bytes that have to be allocated in the guest, or are copied to where it said. */
  size: number = 0
  /** Whether some of them have to be allocated. */
  allocates: boolean = false
  #words: Int32Array
  #bytes: Buffer
  #capacity: number
  /** The stage from where the text began last; `#textStart` is 0 where there is none. */
  #textBytes: Uint8Array = new Uint8Array(0)
  #textStart: number = 0
  #end: number = START
  #text: string = ''
  /** Where the list of strings began that was begun last. */
  #listHead: number = START
  /** Pairs that are passed flat: where they stand among the flat values, and the head they belong to. */
  readonly #flat: number[] = []
  #flatCount: number = 0
  readonly #large: Uint8Array[] = []
  readonly #largeHeads: number[] = []

  constructor() {
    const { buffer } = this.memory
    this.view = new DataView(buffer)
    this.#words = new Int32Array(buffer)
    this.#bytes = Buffer.from(buffer)
    this.#capacity = buffer.byteLength
  }

  get isEmpty(): boolean {
    return this.#end === START
  }

  /** Begins a crossing, whatever has become of the one before. */
  begin(): void {
    this.size = 0
    this.allocates = false
    this.#end = START
    this.#text = ''
    this.#flatCount = 0
    this.#forgetLarge()
  }

  /** Lays out what goes to a place that the guest has given and that has been checked; answers where to write. */
  placeAt(pointer: number, size: number): number {
    const head = this.#add(KIND_INLINE, size, size)
    this.#words[(head >> 2) + ALIGN] = 0
    this.#words[(head >> 2) + PLACE] = pointer
    return head + HEAD_BYTES
  }

  /** Lays out what has to be allocated; answers where to write. @param target of its pair, or {@link FLAT}. */
  allocate(
    size: number,
    align: number,
    { length, target }: { readonly length: number; readonly target: number },
  ): number {
    return this.#open(this.#add(KIND_INLINE, size, size), align, length, target) + HEAD_BYTES
  }

  /** Tells where among the flat values the pair of the value goes that is laid out next. */
  expectFlat(index: number): void {
    // Emptying an array gives its memory back, so this one is only ever written over.
    this.#flat[this.#flatCount] = index
    this.#flat[this.#flatCount + 1] = this.#end
    this.#flatCount += 2
  }

  string(encoding: StringEncoding, text: string, target: number): void {
    if (encoding !== 'utf8') {
      this.#utf16(encoding, text, target)
    } else if (text.length > MAX_STAGED_UNITS) {
      this.bytes(UTF8.encode(text), target)
    } else {
      this.head(text.length, target)
      this.#text += text
    }
  }

  /**
   * Lays out a string of which {@link addText} is given the text, with that of others: telling the collector of each by itself costs
   * as much as laying it out. In UTF-8, and not longer than {@link MAX_STAGED_UNITS}.
   */
  head(length: number, target: number): void {
    const head = this.#end
    const next = head + HEAD_BYTES
    if (next > this.#capacity) this.#ensure(next)
    const at = head >> 2
    const words = this.#words
    // Taken for ASCII until the end of the crossing.
    words[at + SIZE] = length
    words[at + ALIGN] = 1
    words[at + LENGTH] = length
    words[at + TARGET] = target === FLAT ? head + OWN_PAIR * 4 : target
    words[at + KIND] = KIND_TEXT
    words[at + NEXT] = next
    this.#end = next
    this.size += length
    this.allocates = true
  }

  /** Adds the text of strings whose heads were laid out, in their order. */
  addText(text: string): void {
    this.#text += text
  }

  /**
   * Begins a list of `count` strings in UTF-8. The length of each is then given to {@link listed}, and all of them, one behind the
   * other, to {@link endTexts}.
   *
   * @param length of the list, of which each entry may have several strings.
   * @returns where the first pair is.
   */
  beginTexts(count: number, length: number, target: number): number {
    const pairsBytes = count * 8
    this.#listHead = this.#end
    // No zeros: both halves of each pair are written, or nothing is placed.
    return this.#open(this.#append(KIND_TEXTS, pairsBytes, pairsBytes), 4, length, target) + HEAD_BYTES
  }

  /** Tells the length of a string of the list that was begun last. @param at of its pair. */
  listed(at: number, length: number): void {
    this.#words[(at >> 2) + 1] = length
  }

  /** Ends the list; answers whether it is short enough. If it is not, it has never been there. */
  endTexts(text: string): boolean {
    if (text.length > MAX_LISTED_UNITS) {
      this.size -= this.#words[(this.#listHead >> 2) + SIZE]!
      this.#end = this.#listHead
      return false
    }
    this.#text += text
    this.size += text.length
    return true
  }

  bytes(bytes: Uint8Array, target: number): void {
    const { length } = bytes
    if (length > MAX_STAGED_BYTES) {
      const head = this.#open(this.#add(KIND_LARGE, length, 0), 1, length, target)
      this.#large.push(bytes)
      this.#largeHeads.push(head)
    } else {
      const head = this.#open(this.#add(KIND_INLINE, length, length), 1, length, target)
      this.#bytes.set(bytes, head + HEAD_BYTES)
    }
  }

  /** Ends laying out. */
  finish(): StagedRange {
    const text = this.#text
    const end = this.#end
    const start = (end + TEXT_ALIGN - 1) & -TEXT_ALIGN
    if (text !== '') {
      this.#ensure(start + text.length + SLACK_BYTES)
      if (start !== this.#textStart) {
        this.#textStart = start
        this.#textBytes = new Uint8Array(this.memory.buffer, start)
      }
      // More bytes than units, or as many, if there is room for a character too many.
      const { written } = UTF8.encodeInto(text, this.#textBytes)
      if (written !== text.length) this.#spellOut(text, start)
      this.#text = ''
    }
    return { start: START, end, text: start }
  }

  /** Where the guest has put a staged value, which the placer answered the head of. */
  placeOf(head: number): { readonly pointer: number; readonly size: number; readonly align: number } {
    const at = head >> 2
    return {
      pointer: this.#words[at + PLACE]! >>> 0,
      size: this.#words[at + SIZE]! >>> 0,
      align: this.#words[at + ALIGN]!,
    }
  }

  /** Copies what was too large to be staged, and completes the flat values. */
  complete(guest: Uint8Array, out: FlatValue[]): void {
    const words = this.#words
    for (let i = 0; i < this.#flatCount; i += 2) {
      const index = this.#flat[i]!
      const pair = (this.#flat[i + 1]! >> 2) + OWN_PAIR
      setFlat(out, index, words[pair]!)
      setFlat(out, index + 1, words[pair + 1]!)
    }
    for (let i = 0; i < this.#large.length; i++) {
      guest.set(this.#large[i]!, words[(this.#largeHeads[i]! >> 2) + PLACE]! >>> 0)
    }
    this.#forgetLarge()
  }

  #forgetLarge(): void {
    if (this.#large.length === 0) return
    this.#large.length = 0
    this.#largeHeads.length = 0
  }

  #add(kind: number, size: number, inlineBytes: number): number {
    const head = this.#append(kind, size, inlineBytes)
    // What an earlier crossing left there must not reach this guest between the fields of a record.
    const from = (head + HEAD_BYTES) >> 2
    const to = this.#end >> 2
    const words = this.#words
    if (to - from >= MIN_FILLED_WORDS) words.fill(0, from, to)
    else for (let i = from; i < to; i++) words[i] = 0
    return head
  }

  /** The bytes behind the head are whatever was there. */
  #append(kind: number, size: number, inlineBytes: number): number {
    const head = this.#end
    const next = head + HEAD_BYTES + ((inlineBytes + 7) & ~7)
    if (next > this.#capacity) this.#ensure(next)
    const at = head >> 2
    const words = this.#words
    words[at + SIZE] = size
    words[at + KIND] = kind
    words[at + NEXT] = next
    this.#end = next
    this.size += size
    return head
  }

  #open(head: number, align: number, length: number, target: number): number {
    const at = head >> 2
    this.#words[at + ALIGN] = align
    this.#words[at + LENGTH] = length
    this.#words[at + TARGET] = target === FLAT ? head + OWN_PAIR * 4 : target
    this.allocates = true
    return head
  }

  #utf16(encoding: StringEncoding, text: string, target: number): void {
    const wellFormed = text.toWellFormed()
    const size = wellFormed.length * 2
    const length = encoding === 'utf16' ? wellFormed.length : wellFormed.length + UTF16_TAG
    const at = this.allocate(size, 2, { length, target })
    this.#bytes.write(wellFormed, at, size, 'utf16le')
  }

  /** Writes the text string by string, as its strings turn out not to be as long as they looked. */
  #spellOut(text: string, start: number): void {
    this.#ensure(start + text.length * 3 + SLACK_BYTES)
    let to = start
    let from = 0
    for (let head = START; head < this.#end; head = this.#words[(head >> 2) + NEXT]!) {
      const at = head >> 2
      const kind = this.#words[at + KIND]
      if (kind === KIND_TEXT) {
        const units = this.#words[at + LENGTH]!
        const size = this.#spell(text, from, { units, to })
        this.#words[at + SIZE] = size
        this.#words[at + LENGTH] = size
        from += units
        to += size
      } else if (kind === KIND_TEXTS) {
        const first = at + HEAD_BYTES / 4 + 1
        const end = first + this.#words[at + SIZE]! / 4
        for (let length = first; length < end; length += 2) {
          const units = this.#words[length]!
          const size = this.#spell(text, from, { units, to })
          this.#words[length] = size
          from += units
          to += size
        }
      }
    }
  }

  /**
   * Writes one string of the text, apart from its neighbours: a lone surrogate must not become half of a pair. It becomes U+FFFD.
   *
   * @returns its bytes.
   */
  #spell(text: string, from: number, { units, to }: { readonly units: number; readonly to: number }): number {
    const size = units === 0 ? 0 : this.#bytes.write(text.slice(from, from + units), to, units * 3)
    this.size += size - units
    return size
  }

  #ensure(end: number): void {
    const missing = end - this.#capacity
    if (missing <= 0) return
    this.memory.grow(Math.ceil(missing / PAGE_BYTES))
    const { buffer } = this.memory
    this.view = new DataView(buffer)
    this.#words = new Int32Array(buffer)
    this.#bytes = Buffer.from(buffer)
    this.#capacity = buffer.byteLength
    this.#textStart = 0
  }
}

/** In a variant, a pair may share its place with wider values. */
function setFlat(out: FlatValue[], index: number, value: number): void {
  out[index] = typeof out[index] === 'bigint' ? BigInt(value >>> 0) : value
}

/** The thread's. */
export const STAGE: Stage = new Stage()
