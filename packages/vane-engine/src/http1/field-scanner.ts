import { type HeaderSpans, packSpanEnd, SPAN_OMITTED, SPAN_VERBATIM } from 'vane-core'
import { CHAR_CLASS, COLON, CR, LF, SPACE, TAB, TOKEN, VALUE } from './char-class.ts'
import { HeadFault } from './head-fault.ts'
import { splitConnectionOptions } from './hop-by-hop.ts'
import {
  CONNECTION,
  CONTENT_LENGTH,
  DATE,
  EXPECT,
  findKnownField,
  FRAMING_LOOKALIKE,
  HOST,
  isOmittedField,
  TRANSFER_ENCODING,
  UPGRADE,
} from './known-field.ts'

/** What {@link FieldScanner.scan} answers where the bytes end before the section does. */
export const INCOMPLETE = -1

/** No `content-length` was there. */
export const NO_LENGTH = -1

/** Digits a length may have: below 2^53 with room to add. */
const MAX_LENGTH_DIGITS = 15
const CHUNKED = Buffer.from('chunked')

/**
 * Reads a field section byte by byte, once: checks it, notes where each field stands, and understands those that frame the
 * message or speak of the connection.
 *
 * One scanner serves any number of heads, one after the other; what it found holds until the next `scan`.
 */
export class FieldScanner {
  /** Value of the one `content-length`, or {@link NO_LENGTH}. */
  contentLength: number = NO_LENGTH
  /** `transfer-encoding: chunked`. */
  isChunked = false
  /** `connection` has the option `close`. */
  saysClose = false
  /** `connection` has the option `keep-alive`. */
  saysKeepAlive = false
  /** `connection` has the option `upgrade`, and there is an `upgrade` field. */
  asksUpgrade = false
  /** Fields that `connection` names, in lower case: they end here, too. */
  named: string[] | undefined
  hostCount = 0
  /** Where the value of the last `host` stands in the bytes. */
  hostStart = 0
  hostEnd = 0
  hasExpect = false
  hasDate = false
  /** There is a field that others may take for one that frames the message. */
  hasLookalike = false
  readonly #maxCount: number
  readonly #spans: number[] = []
  #used = 0
  #hasOmitted = false
  #hasUpgrade = false
  #optionUpgrade = false

  /** @param maxCount fields of a section; one more is a fault. */
  constructor(maxCount: number) {
    this.#maxCount = maxCount
  }

  /** Copies where the fields stand, counted from the `origin` that the scan was given. */
  takeSpans(): HeaderSpans {
    return this.#spans.slice(0, this.#used)
  }

  /** Like {@link takeSpans}, without the fields of the connection. */
  takeEndToEndSpans(): HeaderSpans {
    if (!this.#hasOmitted) return this.takeSpans()
    const kept: HeaderSpans = []
    const spans = this.#spans
    for (let i = 0; i < this.#used; i += 4) {
      if ((spans[i + 3]! & SPAN_OMITTED) === 0) kept.push(spans[i]!, spans[i + 1]!, spans[i + 2]!, spans[i + 3]!)
    }
    return kept
  }

  /**
   * Scans lines up to and including the empty one.
   *
   * @param origin where the text begins that spans are counted from.
   * @returns the index behind the empty line, or {@link INCOMPLETE}.
   * @throws HeadFault at the first byte that may not stand where it does.
   */
  scan(bytes: Uint8Array, from: number, origin: number): number {
    this.#reset()
    const end = bytes.length
    const spans = this.#spans
    let at = from
    let count = 0
    for (;;) {
      if (at >= end) return INCOMPLETE
      const nameStart = at
      let byte = bytes[at]!
      if (byte === CR) {
        if (at + 1 >= end) return INCOMPLETE
        if (bytes[at + 1] !== LF) throw new HeadFault('carriage return without line feed')
        this.asksUpgrade = this.#hasUpgrade && this.#optionUpgrade
        return at + 2
      }
      while ((CHAR_CLASS[byte]! & TOKEN) !== 0) {
        if (++at >= end) return INCOMPLETE
        byte = bytes[at]!
      }
      if (byte !== COLON || at === nameStart) throw new HeadFault(nameFault(byte, at === nameStart))
      const nameEnd = at++
      while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++
      const valueStart = at
      while (at < end && (CHAR_CLASS[bytes[at]!]! & VALUE) !== 0) at++
      if (at + 1 >= end) {
        if (at < end && bytes[at] !== CR) throw new HeadFault('control character in a header value')
        return INCOMPLETE
      }
      if (bytes[at] !== CR || bytes[at + 1] !== LF) throw new HeadFault(valueFault(bytes[at]!))
      let valueEnd = at
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--
      const isPlain = valueStart === nameEnd + 2 && bytes[nameEnd + 1] === SPACE && valueEnd === at
      at += 2
      if (++count > this.#maxCount) throw new HeadFault(`more than ${this.#maxCount} header fields`, true)

      const field = findKnownField(bytes, nameStart, nameEnd)
      if (field !== 0) this.#note(field, bytes, valueStart, valueEnd)
      const isOmitted = isOmittedField(field)
      if (isOmitted) this.#hasOmitted = true
      const used = this.#used
      spans[used] = nameStart - origin
      spans[used + 1] = nameEnd - origin
      spans[used + 2] = valueStart - origin
      spans[used + 3] = packSpanEnd(valueEnd - origin, (isPlain ? SPAN_VERBATIM : 0) | (isOmitted ? SPAN_OMITTED : 0))
      this.#used = used + 4
    }
  }

  #reset(): void {
    this.#used = 0
    this.#hasOmitted = false
    this.contentLength = NO_LENGTH
    this.isChunked = false
    this.saysClose = false
    this.saysKeepAlive = false
    this.asksUpgrade = false
    this.named = undefined
    this.hostCount = 0
    this.hasExpect = false
    this.hasDate = false
    this.hasLookalike = false
    this.#hasUpgrade = false
    this.#optionUpgrade = false
  }

  #note(field: number, bytes: Uint8Array, start: number, end: number): void {
    switch (field) {
      case HOST:
        this.hostCount++
        this.hostStart = start
        this.hostEnd = end
        break
      case CONTENT_LENGTH:
        // Two lengths, even equal ones, are what somebody else may read as one (RFC 9112 §6.3).
        if (this.contentLength !== NO_LENGTH) throw new HeadFault('more than one content-length field')
        if (this.isChunked) throw new HeadFault('both content-length and transfer-encoding')
        this.contentLength = parseLength(bytes, start, end)
        break
      case TRANSFER_ENCODING:
        if (this.isChunked || !equalsFolded(bytes, start, end, CHUNKED))
          throw new HeadFault('a transfer coding other than a single chunked')
        if (this.contentLength !== NO_LENGTH) throw new HeadFault('both content-length and transfer-encoding')
        this.isChunked = true
        break
      case CONNECTION:
        this.#noteConnection(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'))
        break
      case UPGRADE:
        this.#hasUpgrade = true
        break
      case EXPECT:
        this.hasExpect = true
        break
      case FRAMING_LOOKALIKE:
        this.hasLookalike = true
        break
      case DATE:
        this.hasDate = true
        break
    }
  }

  #noteConnection(value: string): void {
    if (value === 'keep-alive') {
      this.saysKeepAlive = true
      return
    }
    for (const option of splitConnectionOptions(value)) {
      if (option === 'close') this.saysClose = true
      else if (option === 'keep-alive') this.saysKeepAlive = true
      else if (option === 'upgrade') this.#optionUpgrade = true
      else (this.named ??= []).push(option)
    }
  }
}

function parseLength(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > MAX_LENGTH_DIGITS) throw new HeadFault('malformed content-length')
  let length = 0
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) throw new HeadFault('malformed content-length')
    length = length * 10 + digit
  }
  return length
}

function equalsFolded(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  if (end - start !== lower.length) return false
  for (let i = 0; i < lower.length; i++) if ((bytes[start + i]! | 0x20) !== lower[i]) return false
  return true
}

function nameFault(byte: number, isEmpty: boolean): string {
  if (isEmpty && (byte === SPACE || byte === TAB)) return 'folded header line'
  if (byte === LF) return 'line feed without carriage return'
  if (byte === SPACE || byte === TAB) return 'space between a header name and its colon'
  return isEmpty ? 'header line without a name' : 'header name that is no token'
}

function valueFault(byte: number): string {
  if (byte === LF) return 'line feed without carriage return'
  return byte === CR ? 'carriage return without line feed' : 'control character in a header value'
}
