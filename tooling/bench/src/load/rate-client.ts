import { connect, type Socket } from 'node:net'
import { ResponseReader } from './response-reader.ts'

/** What a client tells of. */
export interface RateClientHooks {
  /** @param dueMicros as it was given with the request */
  onAnswer(status: number, dueMicros: number): void
  /** The connection stands and carries nothing. */
  onFree(client: RateClient): void
  /** A connection that broke; another one takes its place. */
  onFailure(): void
}

const RECEIVE_BYTES = 65_536
const RECONNECT_MS = 10

/** A connection that carries one request at a time. */
export class RateClient {
  /** Resolves when the first connection stands. */
  readonly connected: Promise<void>
  /** When the request that is under way was due; undefined where there is none. */
  dueMicros: number | undefined
  readonly #target: URL
  readonly #hooks: RateClientHooks
  // One for all that is received: a generator that collects garbage measures its own pauses.
  readonly #buffer = Buffer.alloc(RECEIVE_BYTES)
  readonly #onConnected: () => void
  #reader = new ResponseReader()
  #socket: Socket
  #isClosed = false

  constructor(target: URL, hooks: RateClientHooks) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.connected = promise
    this.#onConnected = resolve
    this.#target = target
    this.#hooks = hooks
    this.#socket = this.#open()
  }

  /** Sends a request; only while the client is free. */
  send(request: Buffer, dueMicros: number): void {
    this.dueMicros = dueMicros
    this.#socket.write(request)
  }

  /** Ends it; what is under way stays without an answer. */
  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #open(): Socket {
    this.#reader = new ResponseReader()
    const socket = connect({
      host: this.#target.hostname,
      port: Number(this.#target.port),
      noDelay: true,
      onread: {
        buffer: this.#buffer,
        callback: (bytes) => {
          this.#take(this.#buffer.subarray(0, bytes))
          return true
        },
      },
    })
    socket.once('connect', () => {
      this.#onConnected()
      this.#hooks.onFree(this)
    })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      if (this.#isClosed) return
      this.dueMicros = undefined
      this.#hooks.onFailure()
      setTimeout(() => {
        if (!this.#isClosed) this.#socket = this.#open()
      }, RECONNECT_MS)
    })
    return socket
  }

  #take(chunk: Buffer): void {
    const status = this.#reader.push(chunk)
    if (status === undefined) return
    const { dueMicros } = this
    // Broken, or an answer to nothing: the connection is of no use any more.
    if (status === 0 || dueMicros === undefined) return void this.#socket.destroy()
    this.dueMicros = undefined
    this.#hooks.onAnswer(status, dueMicros)
    this.#hooks.onFree(this)
  }
}
