import type { Proxy } from '../proxies/proxy.ts'
import type { Load } from './loads.ts'

/** How load is applied. */
export type LoadMode =
  /** As fast as the proxy answers. */
  { readonly kind: 'closed' }

/** One table of a run: the same load on several proxies. */
export interface Case {
  /** As in the results: the workload's name and what tells this one from its others. */
  readonly name: string
  readonly load: Load
  readonly connections: number
  readonly mode: LoadMode
  readonly proxies: readonly Proxy[]
  /** Whether the load also goes straight to the upstream. */
  readonly direct: boolean
}
