import { toCountedKey } from './address-key.ts'
import type { ConnectionFloor } from './connection-floor.ts'
import type { LimitName } from './limit-name.ts'

/** How much of bodies may be in memory. */
export interface BodyMemoryLimits {
  /** All of them together. */
  readonly maxBufferedBytes: number
  /** Those of one address. */
  readonly maxBufferedBytesPerIp: number
  /** Whether loopback and Unix-socket peers are free of the limit per address. */
  readonly exemptLoopback: boolean
}

/** The limit that a body found no room within. */
export type BodyMemoryLimit = Extract<LimitName, `max_buffered_bytes${string}`>

/**
 * The memory that bodies which are read whole may take, on all listeners and in both directions. One for each engine.
 *
 * It counts what is held and reserves nothing, so that nobody gets a share of it by promising to send something.
 */
export class BodyMemory {
  /** Held at this moment. */
  bytes = 0
  readonly #limits: BodyMemoryLimits
  readonly #floor: Pick<ConnectionFloor, 'hit'>
  /** By address, as the floor counts addresses. One that holds nothing takes no room. */
  readonly #ofAddresses = new Map<string, number>()

  /** @param floor hears whenever a body finds no room. */
  constructor(limits: BodyMemoryLimits, floor: Pick<ConnectionFloor, 'hit'>) {
    this.#limits = limits
    this.#floor = floor
  }

  /** Addresses that hold something. */
  get addresses(): number {
    return this.#ofAddresses.size
  }

  /**
   * Opens the account of one request, on which nothing is yet. Whoever opens it releases it.
   *
   * @param address of the client as its socket reports it; `undefined` on a Unix socket.
   */
  open(address: string | undefined): BodyHold {
    return new BodyHold(this, address, toCountedKey(address, this.#limits.exemptLoopback))
  }

  /** Changes what an address holds. @returns the limit that stands against it; nothing is changed then. */
  change(hold: BodyHold, bytes: number): BodyMemoryLimit | undefined {
    const limit = bytes > 0 ? this.check(hold, bytes) : undefined
    if (limit !== undefined) return limit
    this.bytes += bytes
    const { key } = hold
    if (key === undefined) return undefined
    const held = (this.#ofAddresses.get(key) ?? 0) + bytes
    if (held > 0) this.#ofAddresses.set(key, held)
    else this.#ofAddresses.delete(key)
    return undefined
  }

  /** The limit that stands against so many further bytes, as things are now; it has been hit then. */
  check({ address, key }: BodyHold, bytes: number): BodyMemoryLimit | undefined {
    const { maxBufferedBytes, maxBufferedBytesPerIp } = this.#limits
    let limit: BodyMemoryLimit | undefined
    if (this.bytes + bytes > maxBufferedBytes) limit = 'max_buffered_bytes'
    else if (key !== undefined && (this.#ofAddresses.get(key) ?? 0) + bytes > maxBufferedBytesPerIp)
      limit = 'max_buffered_bytes_per_ip'
    if (limit !== undefined) this.#floor.hit(limit, address)
    return limit
  }
}

/** What the bodies of one request hold of a {@link BodyMemory}, until it is released and nobody keeps them any more. */
export class BodyHold {
  readonly address: string | undefined
  /** What its address is counted under, where it is. */
  readonly key: string | undefined
  /** The request is over: whoever still collects for it is to stop. */
  isReleased = false
  readonly #memory: BodyMemory
  #bytes = 0
  #keepers = 0

  constructor(memory: BodyMemory, address: string | undefined, key: string | undefined) {
    this.#memory = memory
    this.address = address
    this.key = key
  }

  /** The limit that stands against so many further bytes, as things are now. */
  check(bytes: number): BodyMemoryLimit | undefined {
    return this.#memory.check(this, bytes)
  }

  /**
   * Counts so many further bytes in, or, where the number is negative, out. After the release nothing is counted.
   *
   * @returns the limit that stands against it; nothing is changed then.
   */
  grow(bytes: number): BodyMemoryLimit | undefined {
    if (this.isReleased) return undefined
    const limit = this.#memory.change(this, bytes)
    if (limit === undefined) this.#bytes += bytes
    return limit
  }

  /** The request is over: everything is given back, once nobody keeps it. Idempotent. */
  release(): void {
    this.isReleased = true
    this.#giveBack()
  }

  /** Somebody has a use for a body that may outlast the request: an upstream that has answered before it was sent. */
  keep(): void {
    this.#keepers++
  }

  /** Whoever has kept it is done with it. To be called once for each. */
  letGo(): void {
    this.#keepers--
    this.#giveBack()
  }

  #giveBack(): void {
    if (!this.isReleased || this.#keepers > 0 || this.#bytes === 0) return
    this.#memory.change(this, -this.#bytes)
    this.#bytes = 0
  }
}
