import type { Route } from '../match/route-set.ts'
import type { Launch } from '../process/launch.ts'

/** The certificate that clients are shown, as the proxies want it: PEM files. */
export interface SiteCertificate {
  readonly certFile: string
  readonly keyFile: string
  /** Both in one file. */
  readonly pairFile: string
}

/** Where a proxy is to stand. */
export interface ProxySite {
  /** The proxy's own folder for configuration and state; empty. */
  readonly folder: string
  readonly port: number
  readonly upstreamPort: number
  /** In which HTTP the upstream is spoken to, in clear. */
  readonly upstreamVersion: '1.1' | '2'
  /** Undefined: clients speak in clear. With it, HTTP/2 is offered beside HTTP/1.1. */
  readonly certificate: SiteCertificate | undefined
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
  /** Whether it takes a site's certificate. */
  readonly canTls: boolean
  /** Whether it speaks HTTP/2 to an upstream. */
  readonly canHttp2Upstream: boolean
  /** Why it cannot run here and what to install; undefined if it can. */
  missing(): string | undefined
  /** Version, for the record. */
  version(): string
  prepare(site: ProxySite): Promise<Launch>
}
