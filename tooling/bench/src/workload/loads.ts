import { makeRoutes, type Route } from '../match/route-set.ts'
import type { LoadClient } from '../load/load-client.ts'
import type { UpstreamKind } from '../upstream/upstream-launch.ts'
import { BROWSER_HEADERS } from './browser-headers.ts'
import type { RequestShape, RequestTarget } from './request-shape.ts'

/** What is sent, what answers it, and what the proxies have to tell apart in between. */
export interface Load {
  readonly name: string
  /** One line for the reader of a table. */
  readonly summary: string
  readonly request: RequestShape
  readonly client: LoadClient
  readonly upstream: UpstreamKind
  /** Empty: everything is forwarded. */
  readonly routes: readonly Route[]
  /** Where the command line says nothing else. */
  readonly connections: number
}

const RULE_COUNT = 10_000
const REQUESTED_RULE_COUNT = 97
const MIB = 1024 * 1024
const HTTP1: LoadClient = { kind: 'http1' }

/** Small GETs. */
export const SMALL: Load = createGet('small', {
  path: '/',
  summary: 'GETs with 8 browser headers, 1 KiB down',
  connections: 32,
})

/** Responses that do not fit into one packet. */
export const DOWN_16K: Load = createGet('16k', {
  path: '/16k',
  summary: 'GETs with 8 browser headers, 16 KiB down',
  connections: 32,
})

/** Downloads. */
export const DOWN_1M: Load = createGet('1m-down', {
  path: '/1m',
  summary: 'GETs with 8 browser headers, 1 MiB down',
  connections: 8,
})

/** Uploads. */
export const UP_1M: Load = {
  name: '1m-up',
  summary: 'POSTs of 1 MiB, answered when the upstream has read all of it',
  request: {
    method: 'POST',
    targets: [{ path: '/' }],
    headers: [...BROWSER_HEADERS, ['Content-Type', 'application/octet-stream']],
    bodyBytes: MIB,
  },
  client: HTTP1,
  upstream: 'sink',
  routes: [],
  connections: 8,
}

/** Small GETs among many rules. */
export const RULES: Load = createRules()

/** Small GETs over TLS in HTTP/1.1. */
export const TLS_HTTP1: Load = {
  ...SMALL,
  name: 'tls-h1',
  summary: 'small over TLS in HTTP/1.1',
  client: { kind: 'http1-tls' },
}

/** Small GETs over TLS in HTTP/2, one at a time on each connection: nothing can be gathered into one write. */
export const TLS_HTTP2_SINGLE: Load = {
  ...SMALL,
  name: 'tls-h2-single',
  summary: 'small over TLS in HTTP/2, one request at a time on each connection',
  client: { kind: 'http2-tls', streams: 1 },
}

/** Small GETs over TLS in HTTP/2, as many at a time as in {@link TLS_HTTP1}, on fewer connections. */
export const TLS_HTTP2: Load = {
  ...SMALL,
  name: 'tls-h2',
  summary: 'small over TLS in HTTP/2, 8 requests at a time on each connection',
  client: { kind: 'http2-tls', streams: 8 },
  connections: 4,
}

/** Small GETs to an upstream that is spoken to in HTTP/2. */
export const HTTP2_UPSTREAM: Load = {
  ...SMALL,
  name: 'h2c-upstream',
  summary: 'small to an upstream in HTTP/2, in clear on both sides',
  upstream: 'static-h2c',
}

/** New clients. */
export const FULL_HANDSHAKES: Load = createHandshakes('tls-full', 'whole handshakes', false)
/** Clients that come back. */
export const RESUMED_HANDSHAKES: Load = createHandshakes('tls-resumed', 'handshakes that resume a session', true)

/** Everything that a load generator can be given. */
export const LOADS: readonly Load[] = [
  SMALL,
  DOWN_16K,
  DOWN_1M,
  UP_1M,
  RULES,
  TLS_HTTP1,
  TLS_HTTP2_SINGLE,
  TLS_HTTP2,
  HTTP2_UPSTREAM,
  FULL_HANDSHAKES,
  RESUMED_HANDSHAKES,
]

function createHandshakes(name: string, what: string, resumed: boolean): Load {
  return {
    ...SMALL,
    name,
    summary: `${what}, each with one small GET`,
    client: { kind: 'handshakes', resumed },
    connections: 8,
  }
}

function createGet(
  name: string,
  { path, summary, connections }: { path: string; summary: string; connections: number },
): Load {
  const request: RequestShape = { method: 'GET', targets: [{ path }], headers: BROWSER_HEADERS, bodyBytes: 0 }
  return { name, summary, request, client: HTTP1, upstream: 'static', routes: [], connections }
}

function createRules(): Load {
  const routes = makeRoutes(RULE_COUNT)
  // Requests all over the set; a prime number of them, so that they fall on different paths of their hosts.
  const targets = Array.from({ length: REQUESTED_RULE_COUNT }, (_, index): RequestTarget => {
    const { host, path } = routes[Math.floor((index * RULE_COUNT) / REQUESTED_RULE_COUNT)]!
    return { host, path: `${path}/index` }
  })
  return {
    ...SMALL,
    name: 'rules',
    summary: `small through ${RULE_COUNT.toLocaleString('en')} rules, each for a host and a path`,
    request: { ...SMALL.request, targets },
    routes,
  }
}
