import { FlowChunk, type RecordPlace } from './flow-chunk.ts'

/** How much a ring keeps. */
export interface FlowRingLimits {
  readonly maxRecords: number
  readonly maxAgeMs: number
}

/** A chunk that has no room left. */
interface FullChunk {
  readonly chunk: FlowChunk
  /** Number of its last record, counted from 1 on. */
  readonly lastRecord: number
  readonly sealedAtMs: number
}

/**
 * The last records, one behind the other in chunks. What is written next stands behind what was written last, so that the
 * processor has it in its cache; and a chunk is used again once nobody will ask for what it holds.
 */
export class FlowRing {
  readonly #limits: FlowRingLimits
  /** Oldest first. */
  readonly #full: FullChunk[] = []
  #current = new FlowChunk()
  /** Records of the full chunks, those included that have been forgotten. */
  #sealedRecords = 0

  constructor(limits: FlowRingLimits) {
    this.#limits = limits
  }

  /** Chunks that it has. */
  get chunkCount(): number {
    return this.#full.length + 1
  }

  /** Puts a record in: see {@link FlowChunk.add}. @returns the chunk that it is to be written to. */
  add(byteCount: number, valueCount: number): FlowChunk {
    if (!this.#current.add(byteCount, valueCount)) {
      this.#turn()
      this.#current.add(byteCount, valueCount)
    }
    return this.#current
  }

  /** The places of the last records, oldest first. */
  *recent(): Generator<{ readonly chunk: FlowChunk; readonly place: RecordPlace }> {
    const total = this.#sealedRecords + this.#current.recordCount
    const first = total - this.#limits.maxRecords + 1
    for (const { chunk, lastRecord } of [...this.#full, { chunk: this.#current, lastRecord: total }]) {
      let number = lastRecord - chunk.recordCount
      for (const place of chunk.places()) if (++number >= first) yield { chunk, place }
    }
  }

  /** Begins another chunk: a new one only where all are needed. */
  #turn(): void {
    const { maxRecords, maxAgeMs } = this.#limits
    const sealedAtMs = performance.now()
    this.#sealedRecords += this.#current.recordCount
    this.#full.push({ chunk: this.#current, lastRecord: this.#sealedRecords, sealedAtMs })
    const [oldest] = this.#full
    const isForgotten =
      oldest!.lastRecord <= this.#sealedRecords - maxRecords || oldest!.sealedAtMs < sealedAtMs - maxAgeMs
    this.#current = isForgotten ? this.#full.shift()!.chunk : new FlowChunk()
    this.#current.clear()
  }
}
