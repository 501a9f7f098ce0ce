import type { NetConnectOpts, Socket } from 'node:net'

/** Makes a socket that connects to where it is told. */
export type MakeSocket = (where: NetConnectOpts) => Socket

/** What is known of the addresses of an upstream's name. */
export interface NameStats {
  /** Those that the name stood for last; none of an upstream without a name, and before the first connection. */
  readonly addresses: readonly string[]
  /** Questions for the name that came to nothing so far. */
  readonly unresolved: number
}

/** Of an upstream that has no name, or of whose name nothing is known yet. */
export const NO_NAME: NameStats = { addresses: [], unresolved: 0 }

/** Has connections to the addresses of a name. */
export interface AddressFollower {
  /** Whether there are any. */
  readonly hasConnections: boolean
  /** Connections to other addresses take no further request. */
  leaveOthers(isCurrent: (address: string) => boolean): void
}

/** Begins connections to one upstream. */
export interface Dialer {
  /** Begins to connect. Failures come as the socket's `error`. */
  open(connectMs: number, make: MakeSocket): Socket
  /** Whether the upstream's name is being asked for. */
  readonly isResolving: boolean
  /** The next connection asks for the name anew. */
  expireName(): void
  /** Tells whoever has connections when addresses have left the name. */
  follow(follower: AddressFollower): void
  /** Nobody is told any more. */
  unfollow(): void
  stats(): NameStats
}
