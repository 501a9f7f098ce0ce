const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Finds the end of each response on a connection that carries one at a time. It reads no more of it than that takes, so it
 * serves for responses that carry Content-Length, as the benchmark's do: others are broken to it.
 */
export class ResponseReader {
  /** Head so far, where it came in pieces. */
  #head: Buffer | undefined
  #bodyBytesLeft = 0
  #status = 0

  /**
   * Takes bytes as they come.
   *
   * @returns the status once the whole response is there, 0 if it is broken, undefined if more is to come
   */
  push(chunk: Buffer): number | undefined {
    if (this.#status !== 0) {
      this.#bodyBytesLeft -= chunk.length
      return this.#end()
    }
    const received = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk])
    const headEnd = received.indexOf(HEAD_END)
    if (headEnd === -1) {
      // The caller may use its buffer again.
      this.#head = Buffer.from(received)
      return undefined
    }
    const head = received.toString('latin1', 0, headEnd + 2)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    if (length === null) return 0
    this.#head = undefined
    this.#status = Number(head.slice(9, 12))
    this.#bodyBytesLeft = Number(length[1]) - (received.length - headEnd - 4)
    return this.#end()
  }

  #end(): number | undefined {
    if (this.#bodyBytesLeft > 0) return undefined
    const status = this.#bodyBytesLeft < 0 ? 0 : this.#status
    this.#status = 0
    return status
  }
}
