import { createServer, type Server, type Socket } from 'node:net'
import type { BindOptions } from '../engine-options.ts'
import { type BindTarget, toBindMessage, toTargetName } from './bind-error.ts'
import { removeStaleSocketFile } from './unix-socket-file.ts'

/** Where a socket stands. `absent`: the machine has no such address family. */
export type BoundSocketState = 'binding' | 'listening' | 'retrying' | 'failed' | 'absent' | 'closed'

/** What a socket tells and needs. */
export interface BoundSocketOptions {
  readonly target: BindTarget
  readonly bind: BindOptions
  /** A machine without the address family is no failure. */
  readonly mayBeAbsent: boolean
  onConnection(socket: Socket): void
  onState(): void
}

/** One listening socket, bound with retries. */
export class BoundSocket {
  state: BoundSocketState = 'binding'
  /** Why the last attempt failed. */
  error: string | undefined
  readonly #options: BoundSocketOptions
  readonly #server: Server
  #attempts = 0
  #retryTimer: NodeJS.Timeout | undefined

  constructor(options: BoundSocketOptions) {
    this.#options = options
    // Half-open: a client that has ended its side is still owed its response.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, options.onConnection)
    // Errors of a listening server (a file descriptor that accept did not get) end nothing.
    this.#server.on('error', () => {})
  }

  /** What it is bound to, with the real port; what it tries to bind to until then. */
  get address(): string {
    const { target } = this.#options
    const bound = this.#server.address()
    if (target.kind === 'unix' || bound === null || typeof bound === 'string') return toTargetName(target)
    return toTargetName({ ...target, port: bound.port })
  }

  /** Makes one attempt; later ones follow by themselves. Resolves when this one is over; never rejects. */
  async bind(): Promise<void> {
    clearTimeout(this.#retryTimer)
    try {
      await this.#listen()
    } catch (error) {
      this.#onFailure(error as NodeJS.ErrnoException)
      return
    }
    if (this.state === 'closed') this.#server.close()
    else this.#enter('listening', undefined)
  }

  /** Starts over after it has given up. */
  rebind(): void {
    if (this.state !== 'failed') return
    this.#attempts = 0
    void this.bind()
  }

  /** Stops accepting. Resolves when every connection it accepted has closed. */
  close(): Promise<void> {
    clearTimeout(this.#retryTimer)
    this.#enter('closed', undefined)
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  async #listen(): Promise<void> {
    const { target } = this.#options
    if (target.kind === 'unix') await removeStaleSocketFile(target.path)
    const server = this.#server
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        server.off('listening', settle)
        server.off('error', settle)
        if (error === undefined) resolve()
        else reject(error)
      }
      server.once('error', settle)
      server.once('listening', settle)
      if (target.kind === 'unix') server.listen({ path: target.path })
      else server.listen({ host: target.host, port: target.port, ipv6Only: target.ipv6Only })
    })
  }

  #onFailure(error: NodeJS.ErrnoException): void {
    if (this.state === 'closed') return
    const { bind, target, mayBeAbsent } = this.#options
    if (mayBeAbsent && (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL')) {
      this.#enter('absent', undefined)
      return
    }
    const message = toBindMessage(error, target)
    if (++this.#attempts >= bind.maxAttempts) {
      this.#enter('failed', message)
      return
    }
    const delayMs = Math.min(bind.backoffMaxMs, bind.backoffInitialMs * 2 ** (this.#attempts - 1))
    this.#retryTimer = setTimeout(() => void this.bind(), delayMs)
    this.#enter('retrying', message)
  }

  #enter(state: BoundSocketState, error: string | undefined): void {
    if (this.state === 'closed') return
    this.state = state
    this.error = error
    this.#options.onState()
  }
}
