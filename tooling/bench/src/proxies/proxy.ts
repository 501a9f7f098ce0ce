import type { Launch } from '../process/launch.ts'

/** Where a proxy is to stand. */
export interface ProxySite {
  /** The proxy's own folder for configuration and state; empty. */
  readonly folder: string
  readonly port: number
  readonly upstreamPort: number
  /** Connections to the upstream that a proxy may keep: as many as there are clients. */
  readonly keepAlive: number
}

/** A proxy that can be compared. */
export interface Proxy {
  /** As in `--only` and in the table. */
  readonly name: string
  /** Why it cannot run here and what to install; undefined if it can. */
  missing(): string | undefined
  /** Version, for the record. */
  version(): string
  prepare(site: ProxySite): Promise<Launch>
}
