import type { OutgoingMessage } from 'node:http'
import type { BodySink, HeaderList, StreamBody } from 'vane-core'
import { VaneError } from 'vane-core'

/** What happens when the two ends do not get along. */
export interface OutgoingSinkOptions {
  /** How long the receiver may take nothing while bytes wait for it. */
  readonly stallMs: number
  /** The receiver took nothing for too long. */
  onStall(): void
  /** The body broke off, or is not as long as declared: the message must not end cleanly. */
  onFail(error: Error): void
  /** The last byte was handed over. */
  onEnd?(): void
}

/** Sends a streamed body as the content of one of Node's outgoing messages, whose head has been set but not sent. */
export class OutgoingSink implements BodySink {
  /** Bytes handed over so far. */
  bytes = 0
  readonly #message: OutgoingMessage
  readonly #body: StreamBody
  readonly #options: OutgoingSinkOptions
  #over = false
  #stallTimer: NodeJS.Timeout | undefined

  constructor(message: OutgoingMessage, body: StreamBody, options: OutgoingSinkOptions) {
    this.#message = message
    this.#body = body
    this.#options = options
  }

  /** Begins to pull. */
  start(): void {
    const { source } = this.#body
    this.#message.on('drain', () => {
      if (this.#over) return
      this.#stopClock()
      source.resume()
    })
    source.start(this)
    if (this.#over || this.bytes > 0) return
    // A head must not wait for a body that is slow to come, but goes out in one piece with one that is there already.
    setImmediate(() => {
      if (!this.#over && this.bytes === 0) this.#message.flushHeaders()
    })
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over) return true
    this.bytes += chunk.length
    const { length } = this.#body
    if (length !== undefined && this.bytes > length) {
      this.#breakOff(new VaneError({ kind: 'internal' }, `body of more than the declared ${length} bytes`))
      return true
    }
    if (this.#message.write(chunk)) return true
    this.#stallTimer ??= setTimeout(() => this.#options.onStall(), this.#options.stallMs)
    return false
  }

  end(trailers: HeaderList | undefined): void {
    if (this.#over) return
    const { length } = this.#body
    if (length !== undefined && this.bytes !== length) {
      this.#breakOff(new VaneError({ kind: 'internal' }, `body of ${this.bytes} bytes where ${length} were declared`))
      return
    }
    this.#settle()
    if (trailers !== undefined && length === undefined) this.#message.addTrailers(toEntries(trailers))
    this.#message.end()
    this.#options.onEnd?.()
  }

  fail(error: Error): void {
    if (this.#over) return
    this.#settle()
    this.#options.onFail(error)
  }

  /** The receiver is gone: stops pulling. */
  abandon(reason: Error): void {
    if (this.#over) return
    this.#settle()
    this.#body.source.cancel(reason)
  }

  #breakOff(error: VaneError): void {
    this.abandon(error)
    this.#options.onFail(error)
  }

  #settle(): void {
    this.#over = true
    this.#stopClock()
  }

  #stopClock(): void {
    clearTimeout(this.#stallTimer)
    this.#stallTimer = undefined
  }
}

function toEntries(list: HeaderList): [string, string][] {
  const entries: [string, string][] = []
  list.forEach((_lowerName, value, wireName) => entries.push([wireName, value]))
  return entries
}
