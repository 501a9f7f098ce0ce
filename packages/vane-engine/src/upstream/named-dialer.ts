import type { Socket } from 'node:net'
import type { UpstreamAddress } from 'vane-core'
import type { AddressFollower, Dialer, MakeSocket, NameStats } from './dialer.ts'
import { Dialing, type DialingOwner } from './dialing.ts'
import type { KnownName, NameCache, NameWaiter } from './resolve/name-cache.ts'
import type { ResolvedAddress } from './resolve/name-source.ts'
import { orderAddresses } from './resolve/order-addresses.ts'

/** How long an address that could not be connected to is tried after the others. */
const FAILED_MS = 10_000
/** What one address may take before the next one is tried, unless the connect timeout asks for less. */
const ATTEMPT_MS = 1_000
const MIN_ATTEMPT_MS = 250
/** Addresses that cannot be reached and still leave time for one that can. */
const SHARES = 5
/** While there are connections their name is asked for again when its time has come, but no sooner than after this. */
const MIN_FOLLOW_MS = 2_000

/** Begins connections to an upstream that has a name: to one of its addresses, and to the next where one cannot be reached. */
export class NamedDialer implements Dialer, DialingOwner, NameWaiter {
  readonly #address: Extract<UpstreamAddress, { kind: 'tcp' }>
  readonly #names: NameCache
  /** Until when addresses count as failed; of those that the name stands for. */
  readonly #failedUntilMs = new Map<string, number>()
  readonly #hasFailed = (address: string): boolean => (this.#failedUntilMs.get(address) ?? 0) > performance.now()
  #known: KnownName | undefined
  #follower: AddressFollower | undefined
  #followTimer: NodeJS.Timeout | undefined
  #turn = 0

  constructor(address: Extract<UpstreamAddress, { kind: 'tcp' }>, names: NameCache) {
    this.#address = address
    this.#names = names
  }

  open(connectMs: number, make: MakeSocket): Socket {
    const dialing = new Dialing(this)
    const { host, port } = this.#address
    const socket = make({
      host,
      port,
      noDelay: true,
      lookup: dialing.lookup,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: Math.round(Math.max(MIN_ATTEMPT_MS, Math.min(connectMs / SHARES, ATTEMPT_MS))),
    })
    dialing.watch(socket)
    return socket
  }

  get isResolving(): boolean {
    return this.#names.isAsking(this.#address.host)
  }

  expireName(): void {
    this.#failedUntilMs.clear()
    this.#names.expire(this.#address.host)
  }

  follow(follower: AddressFollower): void {
    this.#follower = follower
  }

  unfollow(): void {
    this.#follower = undefined
    clearTimeout(this.#followTimer)
    this.#followTimer = undefined
    this.forget(this)
  }

  stats(): NameStats {
    return {
      addresses: (this.#known?.addresses ?? []).map(({ address }) => address),
      unresolved: this.#names.failuresOf(this.#address.host),
    }
  }

  askFor(waiter: NameWaiter): void {
    this.#names.resolve(this.#address.host, waiter)
  }

  forget(waiter: NameWaiter): void {
    this.#names.leave(this.#address.host, waiter)
  }

  toTry(known: KnownName): ResolvedAddress[] {
    this.onResolved(known)
    return orderAddresses(known.addresses, this.#turn++, this.#hasFailed)
  }

  onResolved(known: KnownName): void {
    if (known !== this.#known) {
      this.#known = known
      const current = new Set(known.addresses.map(({ address }) => address))
      for (const address of this.#failedUntilMs.keys()) if (!current.has(address)) this.#failedUntilMs.delete(address)
      this.#follower?.leaveOthers((address) => current.has(address))
    }
    this.#followOn()
  }

  /** Connections that are there go on: what became of their name is not known. */
  onUnresolved(): void {
    this.#followOn()
  }

  onConnected(address: string | undefined): void {
    if (address !== undefined) this.#failedUntilMs.delete(address)
  }

  onUnreachable(address: string): void {
    if (this.#known?.addresses.some((each) => each.address === address) === true)
      this.#failedUntilMs.set(address, performance.now() + FAILED_MS)
  }

  #followOn(): void {
    if (this.#follower === undefined || this.#followTimer !== undefined) return
    const afterMs = Math.max(MIN_FOLLOW_MS, (this.#known?.expiresAtMs ?? 0) - performance.now())
    this.#followTimer = setTimeout(() => {
      this.#followTimer = undefined
      // Without connections there is nobody to be told; the next one looks the name up itself.
      if (this.#follower?.hasConnections === true) this.askFor(this)
    }, afterMs).unref()
  }
}
