import type { BodySink, BodySource } from 'vane-core'

/** A request's body that outlives the failure of an attempt that did not begin to read it. */
export class KeptSource implements BodySource {
  /** An attempt has begun to read: there is no second time. */
  isStarted = false
  readonly #source: BodySource
  /** Whether another attempt may follow. */
  #isKept = true
  #unwantedFor: Error | undefined

  constructor(source: BodySource) {
    this.#source = source
  }

  start(sink: BodySink): void {
    this.isStarted = true
    this.#source.start(sink)
  }

  resume(): void {
    this.#source.resume()
  }

  /** Only an attempt that is the last one, or has begun to read, can call the body off. */
  cancel(reason: Error): void {
    if (this.isStarted || !this.#isKept) this.#source.cancel(reason)
    else this.#unwantedFor = reason
  }

  /** Another attempt follows. */
  keep(): void {
    this.#unwantedFor = undefined
  }

  /** No other attempt follows: what the last one said of the body holds. */
  release(): void {
    this.#isKept = false
    if (this.#unwantedFor !== undefined) this.#source.cancel(this.#unwantedFor)
    this.#unwantedFor = undefined
  }
}
