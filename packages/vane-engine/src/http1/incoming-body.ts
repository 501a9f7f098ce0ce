import type { IncomingMessage } from 'node:http'
import { type BodySink, type BodySource, HeaderList } from 'vane-core'
import { isHostOwned } from './hop-by-hop.ts'
import { isForwardingField } from './forwarding-fields.ts'

/** What differs between a request's body and a response's. */
export interface IncomingBodyOptions {
  /** Longest pause while somebody is ready to take bytes. */
  readonly idleMs: number
  toIdleError(): Error
  /** Names the failure when the message breaks off. */
  toBrokenError(cause: Error | undefined): Error
  /** Somebody begins to read. */
  onStart?(): void
  /** Nobody wants the rest: gets rid of it. */
  discard(reason: Error): void
}

/** The body of a message that Node's parser delivers. Owns the message's error handling from construction on. */
export class IncomingBody implements BodySource {
  /** Bytes delivered so far. */
  bytes = 0
  /** Whether somebody began to read. */
  started = false
  readonly #message: IncomingMessage
  readonly #options: IncomingBodyOptions
  #state: 'open' | 'ended' | 'failed' | 'canceled' = 'open'
  #failure: Error | undefined
  #sink: BodySink | undefined
  #idleTimer: NodeJS.Timeout | undefined

  constructor(message: IncomingMessage, options: IncomingBodyOptions) {
    this.#message = message
    this.#options = options
    message.on('error', (error) => this.#fail(options.toBrokenError(error)))
    message.on('close', () => this.#fail(options.toBrokenError(undefined)))
  }

  /** Whether bytes may still be delivered to a sink. */
  get wanted(): boolean {
    return this.started && this.#state === 'open'
  }

  start(sink: BodySink): void {
    if (this.started) throw new Error('a body is read once')
    this.started = true
    if (this.#state === 'canceled') return
    if (this.#failure !== undefined) {
      sink.fail(this.#failure)
      return
    }
    this.#sink = sink
    this.#options.onStart?.()
    const message = this.#message
    message.on('data', (chunk: Uint8Array) => {
      if (this.#state !== 'open') return
      this.bytes += chunk.length
      if (sink.write(chunk)) {
        this.#idleTimer?.refresh()
      } else if (this.#state === 'open') {
        message.pause()
        this.#stopClock()
      }
    })
    message.on('end', () => {
      if (this.#state !== 'open') return
      this.#state = 'ended'
      this.#stopClock()
      sink.end(toTrailers(message.rawTrailers))
    })
    this.#startClock()
  }

  resume(): void {
    if (this.#state !== 'open' || this.#sink === undefined) return
    this.#startClock()
    this.#message.resume()
  }

  cancel(reason: Error): void {
    if (this.#state !== 'open') return
    this.#state = 'canceled'
    this.#stopClock()
    this.#options.discard(reason)
  }

  /** Ends the body as failed, for a reason that the message itself does not know. */
  break(error: Error): void {
    this.#fail(error)
  }

  #fail(error: Error): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#failure = error
    this.#stopClock()
    this.#sink?.fail(error)
  }

  #startClock(): void {
    this.#stopClock()
    this.#idleTimer = setTimeout(() => {
      this.#fail(this.#options.toIdleError())
    }, this.#options.idleMs)
  }

  #stopClock(): void {
    clearTimeout(this.#idleTimer)
    this.#idleTimer = undefined
  }
}

/** Fields that must not come as trailers, since they say how to read or route the message (RFC 9110 §6.5.1). */
const NOT_AS_TRAILER: ReadonlySet<string> = new Set([
  'host',
  'content-type',
  'content-encoding',
  'content-range',
  'set-cookie',
  'authorization',
  'proxy-authorization',
  'cookie',
])

function toTrailers(raw: string[]): HeaderList | undefined {
  if (raw.length === 0) return undefined
  const trailers = new HeaderList(raw.slice())
  // Software that merges trailers into the header section would believe them there.
  trailers.filter((name) => !isHostOwned(name) && !NOT_AS_TRAILER.has(name) && !isForwardingField(name))
  return trailers.size === 0 ? undefined : trailers
}
