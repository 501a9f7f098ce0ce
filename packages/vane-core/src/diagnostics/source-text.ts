import type { SourceSpan } from './diagnostic.ts'

/** A file of a configuration, read. */
export interface SourceFile {
  /** For people: relative to the configuration directory where there is one. Its ending says which syntax is meant. */
  readonly path: string
  readonly text: string
}

/** A source file that knows its lines. */
export class SourceText {
  readonly path: string
  readonly text: string
  /** Offset of each line's first character; made when the first problem asks for a position. */
  #lineStarts: number[] | undefined

  constructor(file: SourceFile) {
    this.path = file.path
    this.text = file.text
  }

  /** The place of a stretch of text; what lies outside the file is pulled to its end. */
  span(offset: number, length: number): SourceSpan {
    const start = Math.max(0, Math.min(offset, this.text.length))
    const lineStarts = this.#starts()
    let low = 0
    let high = lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (lineStarts[middle]! <= start) low = middle
      else high = middle - 1
    }
    return {
      file: this.path,
      offset: start,
      length: Math.max(0, Math.min(length, this.text.length - start)),
      line: low + 1,
      column: start - lineStarts[low]! + 1,
    }
  }

  #starts(): number[] {
    if (this.#lineStarts === undefined) {
      this.#lineStarts = [0]
      // CR alone ends a line too: editors count it, and a column over megabytes of "one line" helps nobody.
      for (const end of this.text.matchAll(/\r\n|\n|\r/g)) this.#lineStarts.push(end.index + end[0].length)
    }
    return this.#lineStarts
  }
}
