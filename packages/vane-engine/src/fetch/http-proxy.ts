import type { HttpProxyTerminate, HttpRequest } from 'vane-core'
import type { Fetch, Flow } from '../executor/flow.ts'
import { countForward } from './max-forwards.ts'
import { toUpstreamName } from '../upstream/upstream-pool.ts'
import type { FetchContext } from './registry.ts'

/** A fetch that passes the request to an HTTP/1.1 upstream and yields its response, both bodies streaming. */
export function createHttpProxy(spec: HttpProxyTerminate, { pools, identities }: FetchContext): Fetch {
  const { pool, release } = pools.lease({ address: spec.upstream, identity: identities.get(spec) })
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
      const exchange = pool.send(
        { method, target, host: toHost(request), headers, body, timeouts, expectsContinue },
        flow,
      )
      flow.onCancel(exchange)
      return undefined
    },
    dispose: release,
  }
}

function isContinueExpected({ version, headers }: HttpRequest): boolean {
  return version !== '1.0' && headers.get('expect')?.toLowerCase() === '100-continue'
}

/** What `Host` names the upstream itself by: the default port is left out (RFC 9110 §4.2.3). */
function toUpstreamHost({ upstream, tls }: HttpProxyTerminate): string {
  if (upstream.kind === 'unix') return 'localhost'
  return toUpstreamName(upstream).replace(tls === undefined ? /:80$/ : /:443$/, '')
}
