const MAX_LINE_BYTES = 8192

/** Cuts what a plugin writes to a standard stream into lines. */
export class OutputLines {
  readonly #onLine: (line: string) => void
  #pending: string = ''
  /** Whether the decoder may hold bytes back. */
  #isOpen: boolean = false
  readonly #decoder: TextDecoder = new TextDecoder()

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  write(bytes: Uint8Array): void {
    this.#isOpen = true
    const lines = (this.#pending + this.#decoder.decode(bytes, { stream: true })).split('\n')
    this.#pending = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line)
    // A line without an end is passed on in pieces.
    if (this.#pending.length >= MAX_LINE_BYTES) this.flush()
  }

  /** Passes on what has had no line break yet. */
  flush(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#pending += this.#decoder.decode()
    if (this.#pending !== '') this.#onLine(this.#pending)
    this.#pending = ''
  }
}
