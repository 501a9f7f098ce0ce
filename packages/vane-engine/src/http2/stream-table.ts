import type { Http2Stream } from './http2-stream.ts'

/** A power of two; ids of streams that are open together mostly lie close together. */
const BUCKETS = 32

/**
 * The open streams of a connection, by id.
 *
 * No `Map`: one whose connection has lived for a while makes its tables in V8's old space, a new one after every few streams,
 * and each that it has done with keeps the streams it names, with all that hangs on them, until the next full collection.
 */
export class StreamTable {
  /** First stream of each chain. */
  readonly #buckets: (Http2Stream | undefined)[] = Array.from({ length: BUCKETS }, () => undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): Http2Stream | undefined {
    let stream = this.#buckets[bucketOf(id)]
    while (stream !== undefined && stream.id !== id) stream = stream.nextInTable
    return stream
  }

  /** Adds a stream whose id is not in the table. */
  add(stream: Http2Stream): void {
    const bucket = bucketOf(stream.id)
    stream.nextInTable = this.#buckets[bucket]
    this.#buckets[bucket] = stream
    this.#size++
  }

  delete(stream: Http2Stream): void {
    const bucket = bucketOf(stream.id)
    let before: Http2Stream | undefined
    let at = this.#buckets[bucket]
    while (at !== undefined && at !== stream) {
      before = at
      at = at.nextInTable
    }
    if (at === undefined) return
    if (before === undefined) this.#buckets[bucket] = at.nextInTable
    else before.nextInTable = at.nextInTable
    at.nextInTable = undefined
    this.#size--
  }

  /** All streams as they are now, in the order of their ids. */
  list(): Http2Stream[] {
    const streams: Http2Stream[] = []
    for (const first of this.#buckets) {
      for (let stream = first; stream !== undefined; stream = stream.nextInTable) streams.push(stream)
    }
    return streams.toSorted((a, b) => a.id - b.id)
  }

  clear(): void {
    this.#buckets.fill(undefined)
    this.#size = 0
  }
}

/** Ids of one side are all odd or all even. */
function bucketOf(id: number): number {
  return (id >> 1) & (BUCKETS - 1)
}
