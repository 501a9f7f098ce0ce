import { caddy } from './caddy.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { fastifyHttpProxy, httpProxy3, netFixed, netRelay, undiciProxy } from './node-peers.ts'
import { createPlugins } from './plugin-choices.ts'
import type { Proxy } from './proxy.ts'
import { createVaned } from './vaned.ts'

/** Name of the run that goes straight to the upstream, to show what the load generator can do. */
export const DIRECT = 'direct'

const vaned = createVaned({ name: 'vaned' })
const PROXIES: readonly Proxy[] = [vaned, nginx, haproxy, caddy, undiciProxy, fastifyHttpProxy, httpProxy3]

/** Every proxy, and sockets that hand bytes on. */
export const FORWARDERS: readonly Proxy[] = [...PROXIES, netRelay]
/** Those, what the flow log costs, and sockets that answer by themselves: for loads that `net-fixed` can answer. */
export const ALL: readonly Proxy[] = [
  vaned,
  createVaned({ name: 'vaned-no-flow-log', flowLog: false }),
  ...FORWARDERS.slice(1),
  netFixed,
]
/** What keeps no connection of its own for each idle one of a client's. */
export const KEEPERS: readonly Proxy[] = [...PROXIES, netFixed]
/** What can tell thousands of rules apart without trying one after the other. */
export const ROUTERS: readonly Proxy[] = PROXIES.filter(({ canRoute }) => canRoute)
/** What takes TLS from its clients. */
export const TERMINATORS: readonly Proxy[] = PROXIES.filter(({ canTls }) => canTls)
/** What speaks HTTP/2 to its upstream. */
export const HTTP2_FORWARDERS: readonly Proxy[] = PROXIES.filter(({ canHttp2Upstream }) => canHttp2Upstream)
/** vaned with nothing, one and three plugins in the chain. */
export const WITH_PLUGINS: readonly Proxy[] = [
  vaned,
  ...[1, 3].map((count) => createVaned({ name: `vaned+${count}`, plugins: createPlugins(count) })),
]
/** For a quick look. */
export const FEW: readonly Proxy[] = [vaned, nginx, fastifyHttpProxy, netRelay]
