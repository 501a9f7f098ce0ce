/** Most bytes a line may have, its newline not counted: 1 MiB. No request comes near it. */
export const MAX_REQUEST_LINE_BYTES: number = 1024 * 1024

/** What a stretch of bytes up to a newline turned out to be. */
export type DecodedLine =
  | { readonly kind: 'text'; readonly text: string }
  /** Longer than the limit; its bytes were not kept. */
  | { readonly kind: 'too-long' }
  | { readonly kind: 'not-utf8' }

const NEWLINE = 0x0a

/**
 * Cuts a byte stream into lines. How the bytes are split over `push` calls changes nothing in what comes out.
 * Blank lines are dropped.
 */
export class LineDecoder {
  readonly #maxLineBytes: number
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true })
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  /** Inside a line that is already known to be too long: nothing of it is kept, so a peer cannot make us buffer. */
  #skipping = false

  constructor(maxLineBytes: number = MAX_REQUEST_LINE_BYTES) {
    this.#maxLineBytes = maxLineBytes
  }

  /** Takes the next bytes and answers the lines they completed. A line is reported as too long once, at once. */
  push(chunk: Uint8Array): DecodedLine[] {
    const lines: DecodedLine[] = []
    let start = 0
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, start)
      this.#keep(chunk.subarray(start, newline === -1 ? chunk.length : newline), lines)
      if (newline === -1) return lines
      this.#finish(lines)
      start = newline + 1
    }
  }

  /** The stream is over: what is left counts as a line, as if a newline had followed. */
  end(): DecodedLine[] {
    const lines: DecodedLine[] = []
    this.#finish(lines)
    return lines
  }

  #keep(bytes: Uint8Array, lines: DecodedLine[]): void {
    if (this.#skipping || bytes.length === 0) return
    if (this.#pendingBytes + bytes.length > this.#maxLineBytes) {
      this.#skipping = true
      this.#drop()
      lines.push({ kind: 'too-long' })
      return
    }
    // A copy, since the caller may reuse the chunk's memory before the line is complete.
    this.#pending.push(bytes.slice())
    this.#pendingBytes += bytes.length
  }

  #finish(lines: DecodedLine[]): void {
    if (this.#skipping) {
      this.#skipping = false
      return
    }
    const bytes = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending)
    this.#drop()
    try {
      const text = this.#utf8.decode(bytes)
      if (text.trim() !== '') lines.push({ kind: 'text', text })
    } catch {
      lines.push({ kind: 'not-utf8' })
    }
  }

  #drop(): void {
    this.#pending = []
    this.#pendingBytes = 0
  }
}
