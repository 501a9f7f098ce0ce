import type { BodySink, BodySource } from 'vane-core'

const SLICE_BYTES = 65_536

/** Bytes in memory as a stream of slices, at the receiver's pace. */
export class SlicedBody implements BodySource {
  readonly #bytes: Uint8Array
  #at = 0
  #sink: BodySink | undefined
  #isOver = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  start(sink: BodySink): void {
    this.#sink = sink
    this.resume()
  }

  resume(): void {
    const sink = this.#sink
    if (sink === undefined) return
    while (!this.#isOver && this.#at < this.#bytes.length) {
      const slice = this.#bytes.subarray(this.#at, this.#at + SLICE_BYTES)
      this.#at += slice.length
      // The last may wait in a socket when nobody counts the body any more: it must not keep all of it.
      if (!sink.write(this.#at < this.#bytes.length ? slice : Uint8Array.from(slice))) break
    }
    if (this.#isOver || this.#at < this.#bytes.length) return
    this.#isOver = true
    sink.end(undefined)
  }

  cancel(): void {
    this.#isOver = true
  }
}
