/** Bytes that a client may send ahead of its turn before its socket is not read any further. */
const MAX_BYTES = 65_536
/** Pieces that such bytes may come in: each holds on to a buffer of its own. */
const MAX_PIECES = 64

/** What a client sent before it was its turn: requests behind the one that is being answered. */
export class AheadBytes {
  #pieces: Buffer[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  /** @returns whether no more should be read for now. */
  add(bytes: Buffer): boolean {
    this.#pieces.push(bytes)
    this.#length += bytes.length
    return this.#length > MAX_BYTES || this.#pieces.length > MAX_PIECES
  }

  /** Gives everything out, and is empty. */
  take(): Buffer {
    const pieces = this.#pieces
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, this.#length)
    this.drop()
    return all
  }

  drop(): void {
    this.#pieces = []
    this.#length = 0
  }
}
