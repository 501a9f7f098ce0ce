import type { LookupFunction, Socket } from 'node:net'
import type { KnownName, NameWaiter } from './resolve/name-cache.ts'
import type { NameFailure } from './resolve/name-failure.ts'
import type { ResolvedAddress } from './resolve/name-source.ts'

/** An attempt that was given up sooner says nothing about the address. */
const MIN_SILENCE_MS = 250

/** The dialer that a connection is made for, as the connection sees it. */
export interface DialingOwner {
  askFor(waiter: NameWaiter): void
  /** The waiter no longer wants to hear. */
  forget(waiter: NameWaiter): void
  /** Addresses in the order in which a new connection tries them. */
  toTry(known: KnownName): ResolvedAddress[]
  onConnected(address: string | undefined): void
  onUnreachable(address: string): void
}

/** One connection on its way: waits for the addresses, and sees which of them fail. */
export class Dialing implements NameWaiter {
  /** Given to the socket, which calls it at once, while it is made. */
  readonly lookup: LookupFunction = (_host, _options, callback) => {
    this.#callback = callback
    this.#owner.askFor(this)
  }
  readonly #owner: DialingOwner
  #callback: Parameters<LookupFunction>[2] | undefined
  /** The address that is being connected to. */
  #attempted: string | undefined
  #attemptedAtMs = 0

  constructor(owner: DialingOwner) {
    this.#owner = owner
  }

  /** Sees what becomes of the socket that was made with {@link lookup}. */
  watch(socket: Socket): void {
    const onAttempt = (address: string): void => {
      this.#attempted = address
      this.#attemptedAtMs = performance.now()
    }
    const onUnreachable = (address: string): void => {
      this.#attempted = undefined
      this.#owner.onUnreachable(address)
    }
    const onFailed = (address: string, _port: number, _family: number, error: NodeJS.ErrnoException): void => {
      // An attempt that is given up fails as well.
      if (error.code !== 'ECANCELED') onUnreachable(address)
    }
    const onClose = (): void => {
      this.#owner.forget(this)
      // It was given up while one address kept silent; a client that left early says nothing about an address.
      if (this.#attempted !== undefined && performance.now() - this.#attemptedAtMs >= MIN_SILENCE_MS)
        this.#owner.onUnreachable(this.#attempted)
    }
    socket.on('connectionAttempt', onAttempt)
    socket.on('connectionAttemptFailed', onFailed)
    socket.on('connectionAttemptTimeout', onUnreachable)
    socket.once('close', onClose)
    socket.once('connect', () => {
      socket.off('connectionAttempt', onAttempt)
      socket.off('connectionAttemptFailed', onFailed)
      socket.off('connectionAttemptTimeout', onUnreachable)
      socket.off('close', onClose)
      this.#owner.onConnected(socket.remoteAddress)
    })
  }

  onResolved(known: KnownName): void {
    const callback = this.#callback
    // Later, when whoever made the socket listens to it.
    process.nextTick(() => callback?.(null, this.#owner.toTry(known)))
  }

  onUnresolved(failure: NameFailure): void {
    const callback = this.#callback
    process.nextTick(() => callback?.(failure, []))
  }
}
