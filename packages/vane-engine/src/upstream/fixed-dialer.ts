import type { NetConnectOpts, Socket } from 'node:net'
import type { UpstreamAddress } from 'vane-core'
import { type Dialer, type MakeSocket, type NameStats, NO_NAME } from './dialer.ts'

/** Begins connections to an upstream that has no name to be looked up. */
export class FixedDialer implements Dialer {
  readonly isResolving: boolean = false
  readonly #where: NetConnectOpts

  constructor(address: UpstreamAddress) {
    this.#where =
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port, noDelay: true }
  }

  open(_connectMs: number, make: MakeSocket): Socket {
    return make(this.#where)
  }

  expireName(): void {}

  follow(): void {}

  unfollow(): void {}

  stats(): NameStats {
    return NO_NAME
  }
}
