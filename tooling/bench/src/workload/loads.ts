import { makeRoutes, type Route } from '../match/route-set.ts'
import type { UpstreamKind } from '../upstream/upstream-launch.ts'
import { BROWSER_HEADERS } from './browser-headers.ts'
import type { RequestShape, RequestTarget } from './request-shape.ts'

/** What is sent, what answers it, and what the proxies have to tell apart in between. */
export interface Load {
  readonly name: string
  /** One line for the reader of a table. */
  readonly summary: string
  readonly request: RequestShape
  readonly upstream: UpstreamKind
  /** Empty: everything is forwarded. */
  readonly routes: readonly Route[]
  /** Where the command line says nothing else. */
  readonly connections: number
}

const RULE_COUNT = 10_000
const REQUESTED_RULE_COUNT = 97
const MIB = 1024 * 1024

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
  upstream: 'sink',
  routes: [],
  connections: 8,
}

/** Small GETs among many rules. */
export const RULES: Load = createRules()

/** Everything that a load generator can be given. */
export const LOADS: readonly Load[] = [SMALL, DOWN_16K, DOWN_1M, UP_1M, RULES]

function createGet(
  name: string,
  { path, summary, connections }: { path: string; summary: string; connections: number },
): Load {
  const request: RequestShape = { method: 'GET', targets: [{ path }], headers: BROWSER_HEADERS, bodyBytes: 0 }
  return { name, summary, request, upstream: 'static', routes: [], connections }
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
