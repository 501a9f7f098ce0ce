import type { HttpProxyTerminate, HttpRequest, UpstreamOptions, WebsocketTerminate } from 'vane-core'
import type { Fetch, Flow } from '../executor/flow.ts'
import { splitConnectionOptions } from '../http1/hop-by-hop.ts'
import { countForward } from './max-forwards.ts'
import { addVia, ViaListener } from './via.ts'
import { toUpstreamName } from '../upstream/upstream-pool.ts'
import type { FetchContext } from './registry.ts'

/**
 * A fetch that passes the request to an upstream and yields its response, both bodies streaming. That of a `websocket`
 * rule asks the upstream for the switch of protocols that the client has asked for.
 */
export function createHttpProxy(
  spec: HttpProxyTerminate | WebsocketTerminate,
  { pools, identities, via }: FetchContext,
): Fetch {
  const version = spec.type === 'websocket' ? 'h1' : spec.version
  const nameservers = spec.dns?.nameservers ?? []
  const { pool, release } = pools.lease({
    address: spec.upstream,
    version,
    identity: identities.get(spec),
    nameservers,
  })
  const upstreamHost = toUpstreamHost(spec)
  const { timeouts } = spec

  const toHost = (request: HttpRequest): string => {
    if (spec.host === 'upstream') return upstreamHost
    return spec.host === 'preserve' ? request.authority || upstreamHost : spec.host
  }

  return {
    start(flow: Flow) {
      const { request } = flow
      const answer = countForward(request)
      if (answer !== undefined) return { tag: 'response', response: answer }
      const { method, target, headers, body } = request
      const expectsContinue = body.kind === 'stream' && isContinueExpected(request)
      const upgrade = spec.type === 'websocket' && asksForWebsocket(request) ? WEBSOCKET : undefined
      if (via !== undefined) addVia(headers, request.version, via)
      const exchange = pool.send(
        { method, target, host: toHost(request), headers, body, timeouts, expectsContinue, upgrade },
        via === undefined ? flow : new ViaListener(flow, via),
      )
      flow.onCancel(exchange)
      return undefined
    },
    dispose: release,
  }
}

const WEBSOCKET = 'websocket'

/** RFC 6455 §4.1: a GET without a body, whose `Upgrade` names the protocol and whose `Connection` names `Upgrade`. */
function asksForWebsocket({ method, version, headers, body }: HttpRequest): boolean {
  if (version !== '1.1' || method !== 'GET' || body.kind !== 'empty') return false
  if (headers.get('upgrade')?.toLowerCase() !== WEBSOCKET) return false
  return headers.getAll('connection').some((value) => splitConnectionOptions(value).includes('upgrade'))
}

function isContinueExpected({ version, headers }: HttpRequest): boolean {
  return version !== '1.0' && headers.get('expect')?.toLowerCase() === '100-continue'
}

/** What `Host` names the upstream itself by: the default port is left out (RFC 9110 §4.2.3). */
function toUpstreamHost({ upstream, tls }: UpstreamOptions): string {
  if (upstream.kind === 'unix') return 'localhost'
  return toUpstreamName(upstream).replace(tls === undefined ? /:80$/ : /:443$/, '')
}
