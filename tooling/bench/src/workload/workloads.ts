import type { BenchOptions } from '../options.ts'
import {
  ALL,
  FEW,
  FORWARDERS,
  HTTP2_FORWARDERS,
  KEEPERS,
  ROUTERS,
  TERMINATORS,
  WITH_PLUGINS,
} from '../proxies/contenders.ts'
import { nginx } from '../proxies/nginx.ts'
import { parsePlugin } from '../proxies/plugin-choices.ts'
import type { Proxy } from '../proxies/proxy.ts'
import { createVaned } from '../proxies/vaned.ts'
import type { Case, LoadMode } from './case.ts'
import {
  DOWN_16K,
  DOWN_1M,
  FULL_HANDSHAKES,
  HTTP2_UPSTREAM,
  RESUMED_HANDSHAKES,
  RULES,
  SMALL,
  TLS_HTTP1,
  TLS_HTTP2,
  TLS_HTTP2_SINGLE,
  UP_1M,
  type Load,
} from './loads.ts'

/** What can be asked for by name: one case or several. */
export interface Workload {
  readonly name: string
  /** For `--help`. */
  readonly help: string
  createCases(options: BenchOptions): Case[]
}

const SWEPT_CONNECTIONS = [1, 8, 32, 128, 512]
const IDLE_CONNECTIONS = 10_000
/** Low enough for the slowest of the proxies. */
const LOW_REQUESTS_PER_SECOND = 1_000
const CLOSED: LoadMode = { kind: 'closed' }

/** All workloads, in the order of their tables. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: 'small',
    help: SMALL.summary,
    createCases: (options) => [createCase(SMALL, options, { proxies: options.quick ? FEW : ALL })],
  },
  forwarded(DOWN_16K),
  forwarded(DOWN_1M),
  forwarded(UP_1M),
  {
    name: 'sweep',
    help: `small on ${SWEPT_CONNECTIONS.join(', ')} connections`,
    createCases: (options) =>
      (options.connections === undefined ? SWEPT_CONNECTIONS : [options.connections]).map((connections) => ({
        ...createCase(SMALL, options, { proxies: options.quick ? FEW : FORWARDERS }),
        name: `sweep-${connections}`,
        connections,
      })),
  },
  {
    name: 'rules',
    help: `small with none, and ${RULES.summary}`,
    createCases: (options) =>
      [SMALL, RULES].map((load) => ({
        ...createCase(load, options, { proxies: ROUTERS, direct: false }),
        name: `rules-${load.routes.length}`,
      })),
  },
  {
    name: 'plugins',
    help: 'small through none, one and three plugins',
    createCases: (options) => {
      const { plugin } = options
      const added = plugin === undefined ? [] : [createVaned({ name: 'vaned+plugin', plugins: [parsePlugin(plugin)] })]
      const proxies = [...WITH_PLUGINS, ...added, nginx]
      return [
        { ...createCase(SMALL, options, { proxies }), name: 'plugins', summary: 'small, with plugins in the chain' },
      ]
    },
  },
  {
    name: 'half-load',
    help: 'latency of small at half the rate that nginx reaches, or at --rate',
    createCases: (options) => [createRateCase('half-load', options, { kind: 'share-of-nginx', share: 0.5 })],
  },
  {
    name: 'low-load',
    help: `latency of small at ${LOW_REQUESTS_PER_SECOND} requests/s, or at --rate`,
    createCases: (options) => [
      createRateCase('low-load', options, { kind: 'rate', requestsPerSecond: LOW_REQUESTS_PER_SECOND }),
    ],
  },
  {
    name: 'tls',
    help: 'small over TLS, in HTTP/1.1 and in HTTP/2',
    createCases: (options) =>
      options.quick
        ? [createCase(TLS_HTTP2, options, { proxies: FEW.filter(({ canTls }) => canTls), direct: false })]
        : terminated(options, [TLS_HTTP1, TLS_HTTP2_SINGLE, TLS_HTTP2]),
  },
  {
    name: 'handshakes',
    help: 'TLS connections for one small request each, with whole handshakes and with resumed sessions',
    createCases: (options) => terminated(options, [FULL_HANDSHAKES, RESUMED_HANDSHAKES]),
  },
  {
    name: 'h2c-upstream',
    help: HTTP2_UPSTREAM.summary,
    createCases: (options) => [createCase(HTTP2_UPSTREAM, options, { proxies: HTTP2_FORWARDERS, direct: false })],
  },
  {
    name: 'idle',
    help: `memory of ${IDLE_CONNECTIONS} kept connections that had one small request each`,
    createCases: (options) => [
      {
        ...createCase(SMALL, options, { proxies: KEEPERS, direct: false }),
        name: 'idle',
        summary: 'kept connections that had one small request each',
        connections: options.connections ?? IDLE_CONNECTIONS,
        mode: { kind: 'idle' },
      },
    ],
  },
]

interface Contenders {
  readonly proxies: readonly Proxy[]
  /** Default: yes. */
  readonly direct?: boolean
}

function forwarded(load: Load): Workload {
  return {
    name: load.name,
    help: load.summary,
    createCases: (options) => [createCase(load, options, { proxies: options.quick ? FEW : FORWARDERS })],
  }
}

function terminated(options: BenchOptions, loads: readonly Load[]): Case[] {
  return loads.map((load) => createCase(load, options, { proxies: TERMINATORS, direct: false }))
}

function createCase(load: Load, options: BenchOptions, { proxies, direct = true }: Contenders): Case {
  const { name, summary } = load
  return { name, summary, load, connections: options.connections ?? load.connections, mode: CLOSED, proxies, direct }
}

function createRateCase(name: string, options: BenchOptions, mode: LoadMode): Case {
  return {
    ...createCase(SMALL, options, { proxies: options.quick ? FEW : ALL }),
    name,
    summary: 'small at a fixed rate, latency from the moment a request was due',
    mode:
      options.requestsPerSecond === undefined ? mode : { kind: 'rate', requestsPerSecond: options.requestsPerSecond },
  }
}
