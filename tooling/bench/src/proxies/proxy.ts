import type { Route } from '../match/route-set.ts'
import type { Launch } from '../process/launch.ts'

/** Where a proxy is to stand. */
export interface ProxySite {
  /** The proxy's own folder for configuration and state; empty. */
  readonly folder: string
  readonly port: number
  readonly upstreamPort: number
  /** Client connections to expect; a proxy may keep as many to the upstream. */
  readonly connections: number
  /** What to tell apart before forwarding: host and path prefix. Empty: everything is forwarded. */
  readonly routes: readonly Route[]
}

/** A proxy that can be compared. */
export interface Proxy {
  /** As in `--only` and in the table. */
  readonly name: string
  /** Whether it obeys a site's routes. */
  readonly canRoute: boolean
  /** Why it cannot run here and what to install; undefined if it can. */
  missing(): string | undefined
  /** Version, for the record. */
  version(): string
  prepare(site: ProxySite): Promise<Launch>
}
