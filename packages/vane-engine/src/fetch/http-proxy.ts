import type { HeaderList, HttpProxyTerminate, HttpRequest, UpstreamOptions, WebsocketTerminate } from 'vane-core'
import type { Fetch, Flow } from '../executor/flow.ts'
import { splitConnectionOptions } from '../http1/hop-by-hop.ts'
import { countForward } from './max-forwards.ts'
import { addVia, ViaListener } from './via.ts'
import { RetriedExchange, type RetryContext } from '../upstream/retried-exchange.ts'
import { toUpstreamName } from '../upstream/upstream-pool.ts'
import { ONLY_ATTEMPT, type UpstreamRequest } from '../upstream/upstream-request.ts'
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
  const retry: RetryContext | undefined =
    spec.retry.maxAttempts > 1
      ? { transport: pool, policy: spec.retry, clock: pools.clock, random: Math.random }
      : undefined

  const toHost = (request: HttpRequest): string => {
    if (spec.host === 'upstream') return upstreamHost
    return spec.host === 'preserve' ? request.authority || upstreamHost : spec.host
  }

  return {
    start(flow: Flow, nowMs?: number) {
      const { request } = flow
      const answer = countForward(request)
      if (answer !== undefined) return { tag: 'response', response: answer }
      const { method, target, headers, body } = request
      const expectsContinue = body.kind === 'stream' && isContinueExpected(request)
      const upgrade = spec.type === 'websocket' && asksForWebsocket(request) ? WEBSOCKET : undefined
      if (via !== undefined) addVia(headers, request.version, via)
      const sent: UpstreamRequest = {
        method,
        target,
        host: toHost(request),
        headers,
        body,
        hold: body.kind === 'fixed' ? flow.hold : undefined,
        timeouts,
        expectsContinue,
        upgrade,
        attempt: ONLY_ATTEMPT,
      }
      const listener = via === undefined ? flow : new ViaListener(flow, via)
      if (retry === undefined || !retry.policy.methods.includes(method)) {
        flow.onCancel(pool.send(sent, listener, nowMs))
        return undefined
      }
      const exchange = new RetriedExchange(retry, sent, { listener, retries: flow })
      flow.onCancel(exchange)
      exchange.start()
      return undefined
    },
    dispose: release,
  }
}

const WEBSOCKET = 'websocket'

/**
 * RFC 6455 §4.1: a GET without a body, whose `Upgrade` names the protocol, be it among others, and whose `Connection` names
 * `Upgrade`. The rest of the handshake is between client and upstream.
 */
function asksForWebsocket({ method, version, headers, body }: HttpRequest): boolean {
  if (version !== '1.1' || method !== 'GET' || body.kind !== 'empty') return false
  return lists(headers, 'upgrade', WEBSOCKET) && lists(headers, 'connection', 'upgrade')
}

function lists(headers: HeaderList, name: string, member: string): boolean {
  return headers.getAll(name).some((value) => splitConnectionOptions(value).includes(member))
}

function isContinueExpected({ version, headers }: HttpRequest): boolean {
  return version !== '1.0' && headers.get('expect')?.toLowerCase() === '100-continue'
}

/** What `Host` names the upstream itself by: the default port is left out (RFC 9110 §4.2.3). */
function toUpstreamHost({ upstream, tls }: UpstreamOptions): string {
  if (upstream.kind === 'unix') return 'localhost'
  return toUpstreamName(upstream).replace(tls === undefined ? /:80$/ : /:443$/, '')
}
