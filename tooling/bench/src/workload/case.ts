import type { Proxy } from '../proxies/proxy.ts'
import type { Load } from './loads.ts'

/** How load is applied. */
export type LoadMode =
  /** As fast as the proxy answers. */
  | { readonly kind: 'closed' }
  /** So many requests per second, whether or not they are answered. */
  | { readonly kind: 'rate'; readonly requestsPerSecond: number }
  /** A share of the requests per second that nginx answers, which is found out first. */
  | { readonly kind: 'share-of-nginx'; readonly share: number }
  /** One request on each connection, then nothing. */
  | { readonly kind: 'idle' }

/** One table of a run: the same load on several proxies. */
export interface Case {
  /** As in the results: the workload's name and what tells this one from its others. */
  readonly name: string
  /** One line for the reader of the table. */
  readonly summary: string
  readonly load: Load
  readonly connections: number
  readonly mode: LoadMode
  readonly proxies: readonly Proxy[]
  /** Whether the load also goes straight to the upstream. */
  readonly direct: boolean
}
