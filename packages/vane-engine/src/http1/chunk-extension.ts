import { CHAR_CLASS, CR, TOKEN, VALUE } from './char-class.ts'
import { HeadFault } from './head-fault.ts'

/** Bytes of chunk extensions in one body. Nobody uses them for anything, and each is read for nothing. */
const MAX_BYTES = 4_096

const SEMICOLON = 0x3b
const EQUALS = 0x3d
const QUOTE = 0x22
const BACKSLASH = 0x5c

const NAME = 0
const VALUE_TOKEN = 1
const QUOTED = 2
const ESCAPED = 3
const AFTER_QUOTED = 4

/** Reads the extensions of a body's chunks past, as RFC 9112 §7.1.1 has them but without any space. */
export class ChunkExtension {
  #state = NAME
  /** Bytes of the name or value at hand. */
  #length = 0
  #total = 0

  /** The semicolon was there. */
  begin(): void {
    this.#enter(NAME)
  }

  /**
   * Takes one byte.
   *
   * @returns whether it was the carriage return that ends the chunk's line.
   * @throws HeadFault for what is no extension, and for too much of it.
   */
  take(byte: number): boolean {
    if (++this.#total > MAX_BYTES) throw new HeadFault(`more than ${MAX_BYTES} bytes of chunk extensions`)
    switch (this.#state) {
      case NAME:
        if (byte === EQUALS && this.#length > 0) this.#enter(VALUE_TOKEN)
        else return this.#takeToken(byte)
        return false
      case VALUE_TOKEN:
        if (byte === QUOTE && this.#length === 0) this.#enter(QUOTED)
        else return this.#takeToken(byte)
        return false
      case QUOTED:
        if (byte === QUOTE) this.#enter(AFTER_QUOTED)
        else if (byte === BACKSLASH) this.#enter(ESCAPED)
        else assertValue(byte)
        return false
      case ESCAPED:
        assertValue(byte)
        this.#enter(QUOTED)
        return false
      default:
        return this.#takeEnd(byte)
    }
  }

  #takeToken(byte: number): boolean {
    if ((CHAR_CLASS[byte]! & TOKEN) !== 0) {
      this.#length++
      return false
    }
    if (this.#length === 0) throw malformed()
    return this.#takeEnd(byte)
  }

  #takeEnd(byte: number): boolean {
    if (byte === CR) return true
    if (byte !== SEMICOLON) throw malformed()
    this.#enter(NAME)
    return false
  }

  #enter(state: number): void {
    this.#state = state
    this.#length = 0
  }
}

function assertValue(byte: number): void {
  if ((CHAR_CLASS[byte]! & VALUE) === 0) throw malformed()
}

function malformed(): HeadFault {
  return new HeadFault('malformed chunk extension')
}
