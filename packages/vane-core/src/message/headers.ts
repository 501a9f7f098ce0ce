/**
 * Where the fields of a decoded head stand in its text: four numbers for each field, in wire order.
 *
 * Start and end of the name, start of the value, and the value's end times four plus the field's marks.
 */
export type HeaderSpans = number[]

/** Mark of a span: the line reads exactly `name: value` and CRLF, so that it may be written again as it came. */
export const SPAN_VERBATIM = 1
/** Mark of a span: a field of the connection it came by, which no encoder passes on. */
export const SPAN_OMITTED = 2

const WIDTH = 4
const MARK_BITS = 2
const TOKEN = 1
const VALUE = 2
/** What each character may be part of; a loop over it is several times as fast as a regular expression on short texts. */
const CHARACTERS: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const isToken = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code))
  const isValue = code === 9 || (code >= 32 && code !== 127)
  return (isToken ? TOKEN : 0) | (isValue ? VALUE : 0)
})

/**
 * Header fields of one message: keeps wire order, repeats and the spelling of names, and finds by lower-case name.
 *
 * A list that a decoder made stays the text it came as: nothing is cut out of it before somebody asks, and what nobody
 * changed is written as it is. Every `name` parameter is expected in lower case; that is the caller's part, so that the hot
 * path folds no case twice. Values are wire bytes, one UTF-16 unit each.
 */
export class HeaderList {
  /** The decoded head that the spans point into. */
  readonly #text: string
  /** Fields that still stand in the text. They come before the pairs. */
  #spans: HeaderSpans
  /** `[name, value, name, value, …]` of every other field. */
  #pairs: string[]
  /** How many of the pairs' strings, from the first on, a decoder has looked at. */
  #checked = 0

  /** @param pairs `[name, value, …]`; the list takes it over and the caller must not touch it again. */
  constructor(pairs: string[] = [], text = '', spans: HeaderSpans = []) {
    this.#pairs = pairs
    this.#text = text
    this.#spans = spans
  }

  /** Makes a list from `[name, value]` entries. */
  static from(entries: Iterable<readonly [name: string, value: string]>): HeaderList {
    const pairs: string[] = []
    for (const [name, value] of entries) pairs.push(name, value)
    return new HeaderList(pairs)
  }

  /**
   * Makes a list of fields that stand in a head's text. Names have to be tokens and values free of control bytes: the decoder
   * that took the spans has seen to it, and nobody looks again.
   *
   * @param spans taken over.
   */
  static fromText(text: string, spans: HeaderSpans): HeaderList {
    return new HeaderList([], text, spans)
  }

  /**
   * Makes a list of fields that a decoder has found to be such as {@link HeaderList.fromText} wants them.
   *
   * @param pairs `[name, value, …]`; taken over.
   */
  static fromChecked(pairs: string[]): HeaderList {
    const headers = new HeaderList(pairs)
    headers.#checked = pairs.length
    return headers
  }

  /** How many fields there are, repeats counted. */
  get size(): number {
    return this.#spans.length / WIDTH + (this.#pairs.length >> 1)
  }

  /** First value of a field, `undefined` where it is absent. */
  get(name: string): string | undefined {
    const spans = this.#spans
    for (let i = 0; i < spans.length; i += WIDTH) if (this.#isNamed(i, name)) return this.#spanValue(i)
    const pairs = this.#pairs
    for (let i = 0; i < pairs.length; i += 2) if (isSameName(pairs[i]!, name)) return pairs[i + 1]!
    return undefined
  }

  /** All values of a field in wire order. */
  getAll(name: string): string[] {
    const values: string[] = []
    const spans = this.#spans
    for (let i = 0; i < spans.length; i += WIDTH) if (this.#isNamed(i, name)) values.push(this.#spanValue(i))
    const pairs = this.#pairs
    for (let i = 0; i < pairs.length; i += 2) if (isSameName(pairs[i]!, name)) values.push(pairs[i + 1]!)
    return values
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Adds a field at the end, beside any of the same name. */
  append(name: string, value: string): void {
    this.#pairs.push(name, value)
  }

  /** Makes `value` the only one of the field. */
  set(name: string, value: string): void {
    this.delete(name)
    this.append(name, value)
  }

  /** Removes every field of that name. */
  delete(name: string): void {
    const spans = this.#spans
    let kept = 0
    for (let i = 0; i < spans.length; i += WIDTH) if (!this.#isNamed(i, name)) kept = keepSpan(spans, i, kept)
    spans.length = kept
    const pairs = this.#pairs
    if (pairs.length > 0) this.#keepPairs((wireName) => !isSameName(wireName, name))
  }

  /** Keeps the fields for which `keep` answers true. */
  filter(keep: (lowerName: string, value: string) => boolean): void {
    const spans = this.#spans
    let kept = 0
    for (let i = 0; i < spans.length; i += WIDTH) {
      if (keep(this.#spanName(i).toLowerCase(), this.#spanValue(i))) kept = keepSpan(spans, i, kept)
    }
    spans.length = kept
    this.#keepPairs((wireName, value) => keep(wireName.toLowerCase(), value))
  }

  /** Keeps the fields whose lower-case name is answered with true. */
  filterNames(keep: (lowerName: string) => boolean): void {
    const spans = this.#spans
    let kept = 0
    for (let i = 0; i < spans.length; i += WIDTH) {
      if (keep(this.#spanName(i).toLowerCase())) kept = keepSpan(spans, i, kept)
    }
    spans.length = kept
    if (this.#pairs.length > 0) this.#keepPairs((wireName) => keep(wireName.toLowerCase()))
  }

  /** Calls `visit` for each field in wire order. */
  forEach(visit: (lowerName: string, value: string, wireName: string) => void): void {
    const spans = this.#spans
    for (let i = 0; i < spans.length; i += WIDTH) {
      const wireName = this.#spanName(i)
      visit(wireName.toLowerCase(), this.#spanValue(i), wireName)
    }
    const pairs = this.#pairs
    for (let i = 0; i < pairs.length; i += 2) visit(pairs[i]!.toLowerCase(), pairs[i + 1]!, pairs[i]!)
  }

  /** `[name, value, …]` in wire order and spelling: the list's own storage, to be read only. */
  rawPairs(): readonly string[] {
    if (this.#spans.length > 0) {
      const fields: string[] = []
      this.forEach((_lowerName, value, wireName) => fields.push(wireName, value))
      this.#pairs = fields
      this.#spans = []
      this.#checked = 0
    }
    return this.#pairs
  }

  clone(): HeaderList {
    const copy = new HeaderList(this.#pairs.slice(), this.#text, this.#spans.slice())
    copy.#checked = this.#checked
    return copy
  }

  /**
   * The field lines as HTTP/1.1 writes them, each with its CRLF. Lines that came in the same form are taken over in one piece.
   *
   * @param isOmitted names, in lower case, of fields that are left out besides those a decoder has marked so.
   * @param except one more such name.
   * @throws TypeError for a field that was added and whose name or value cannot be written without changing the message.
   */
  toWire(isOmitted: (lowerName: string) => boolean, except = ''): string {
    const spans = this.#spans
    const text = this.#text
    let lines = ''
    let runStart = 0
    let runEnd = 0
    for (let i = 0; i < spans.length; i += WIDTH) {
      const packed = spans[i + 3]!
      if ((packed & SPAN_OMITTED) !== 0 || (except !== '' && this.#isNamed(i, except))) continue
      const nameStart = spans[i]!
      const isVerbatim = (packed & SPAN_VERBATIM) !== 0
      if (!isVerbatim || nameStart !== runEnd) {
        if (runEnd > runStart) lines += text.slice(runStart, runEnd)
        runStart = nameStart
        runEnd = nameStart
      }
      if (isVerbatim) runEnd = (packed >> MARK_BITS) + 2
      else lines += `${this.#spanName(i)}: ${this.#spanValue(i)}\r\n`
    }
    if (runEnd > runStart) lines += text.slice(runStart, runEnd)
    const pairs = this.#pairs
    for (let i = 0; i < pairs.length; i += 2) {
      const wireName = pairs[i]!
      const lowerName = wireName.toLowerCase()
      if (lowerName === except || isOmitted(lowerName)) continue
      const value = pairs[i + 1]!
      if (i >= this.#checked) checkField(wireName, value)
      lines += `${wireName}: ${value}\r\n`
    }
    return lines
  }

  #keepPairs(keep: (wireName: string, value: string) => boolean): void {
    const pairs = this.#pairs
    const checked = this.#checked
    let kept = 0
    for (let i = 0; i < pairs.length; i += 2) {
      if (i === checked) this.#checked = kept
      if (!keep(pairs[i]!, pairs[i + 1]!)) continue
      pairs[kept] = pairs[i]!
      pairs[kept + 1] = pairs[i + 1]!
      kept += 2
    }
    pairs.length = kept
    if (kept < this.#checked) this.#checked = kept
  }

  #isNamed(index: number, name: string): boolean {
    const start = this.#spans[index]!
    if (this.#spans[index + 1]! - start !== name.length) return false
    const text = this.#text
    for (let i = 0; i < name.length; i++) {
      if (toLowerCode(text.charCodeAt(start + i)) !== name.charCodeAt(i)) return false
    }
    return true
  }

  #spanName(index: number): string {
    return this.#text.slice(this.#spans[index], this.#spans[index + 1])
  }

  #spanValue(index: number): string {
    return this.#text.slice(this.#spans[index + 2], this.#spans[index + 3]! >> MARK_BITS)
  }
}

/** The fourth number of a span. */
export function packSpanEnd(valueEnd: number, marks: number): number {
  return (valueEnd << MARK_BITS) | marks
}

function keepSpan(spans: HeaderSpans, from: number, to: number): number {
  if (from !== to) for (let i = 0; i < WIDTH; i++) spans[to + i] = spans[from + i]!
  return to + WIDTH
}

function checkField(name: string, value: string): void {
  // A line break within either would begin a field, or a message, of its own (RFC 9110 §5.5).
  if (name === '' || !isMadeOf(name, TOKEN)) throw new TypeError(`header name ${JSON.stringify(name)} is no token`)
  if (!isMadeOf(value, VALUE)) throw new TypeError(`header ${name} has a value with a control character`)
}

function isMadeOf(text: string, characters: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255 || (CHARACTERS[code]! & characters) === 0) return false
  }
  return true
}

function isSameName(wireName: string, lowerName: string): boolean {
  if (wireName.length !== lowerName.length) return false
  return wireName === lowerName || wireName.toLowerCase() === lowerName
}

/** ASCII only: names are tokens. */
function toLowerCode(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code
}
