import type { FetchSpec } from 'vane-core'
import type { Fetch } from '../executor/flow.ts'
import type { CgiRuntime } from './cgi/cgi-runtime.ts'
import type { UpstreamIdentity } from '../tls/upstream-tls.ts'
import type { UpstreamPools } from '../upstream/upstream-pools.ts'
import { createHttpProxy } from './http-proxy.ts'
import { createRedirectHttps } from './redirect-https.ts'
import { createStatic } from './static.ts'

/** What fetches are made of besides their own arguments. */
export interface FetchContext {
  readonly pools: UpstreamPools
  /** What this proxy calls itself in `Via`; absent: it is not mentioned. */
  readonly via?: string | undefined
  /** Absent where CGI programs are not to be run. */
  readonly cgi?: CgiRuntime | undefined
  /** TLS to the upstreams of those fetches whose rules ask for it. */
  readonly identities: ReadonlyMap<FetchSpec, UpstreamIdentity>
}

/** Makes a live fetch. Synchronous and without I/O: an upstream that is down does not stop a configuration from loading. */
export function createFetch(spec: FetchSpec, context: FetchContext): Fetch {
  switch (spec.type) {
    case 'http_proxy':
    case 'websocket':
      return createHttpProxy(spec, context)
    case 'static':
    case 'synthesize':
      return createStatic(spec.response)
    case 'redirect_https':
      return createRedirectHttps(spec)
    case 'cgi':
      if (context.cgi === undefined) throw new Error('CGI programs need the feature "cgi", which is off')
      return context.cgi.createFetch(spec)
    default:
      // `findUnsupported` has refused it with a better sentence, unless somebody made the graph by hand.
      throw new Error('this version of the engine has no such fetch')
  }
}
