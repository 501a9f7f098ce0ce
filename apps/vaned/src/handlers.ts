import { suggest, type SymbolicFlowGraph } from 'vane-core'
import type { CgiStats, Engine, FlowLog } from 'vane-engine'
import {
  type CgiPoolResult,
  MgmtError,
  type PingResult,
  type PoolsResult,
  type ReloadFailure,
  type StatsResult,
  type VerbHandlers,
} from 'vane-mgmt'
import type { OpenFeatures } from './features.ts'
import type { FlowLogFile } from './flow-log-file.ts'
import type { Reloader } from './reload.ts'
import type { Shutdown } from './shutdown.ts'
import { tailFlow } from './tail-flow.ts'

/** What the verbs look at and act on. */
export interface HandlerParts {
  readonly version: string
  readonly configDir: string
  readonly drainTimeoutMs: number
  readonly startedAtMs: number
  /** The graph that is being served now. */
  graph(): SymbolicFlowGraph
  readonly engine: Pick<Engine, 'stats' | 'drainUpstream'>
  readonly features: Pick<OpenFeatures, 'status' | 'wasm' | 'cgi'>
  readonly flowLog: FlowLog
  readonly flowLogFile: Pick<FlowLogFile, 'path' | 'stats'> | undefined
  readonly reloader: Reloader
  readonly shutdown: Shutdown
}

/** The daemon's answers to the verbs of the management protocol. */
export function createHandlers(parts: HandlerParts): VerbHandlers {
  const ping = (): PingResult => ({
    version: parts.version,
    pid: process.pid,
    uptime_ms: Date.now() - parts.startedAtMs,
    state: parts.shutdown.state,
  })
  return {
    ping,
    stats: () => ({ ...ping(), ...toStats(parts) }),
    get_pools: () => toPools(parts.features),
    get_upstreams: () => ({ upstreams: parts.engine.stats().upstreams }),
    pool_drain: ({ upstream }) => {
      const closed = parts.engine.drainUpstream(upstream)
      if (closed === undefined) {
        const known = parts.engine.stats().upstreams.map((each) => each.upstream)
        throw new MgmtError('invalid_args', `there is no upstream "${upstream}"; ${toHint(upstream, known)}`)
      }
      return { upstream, closed }
    },
    get_config: () => {
      const { versionHash, sourceFiles, listeners } = parts.graph().meta
      return {
        dir: parts.configDir,
        version_hash: versionHash,
        source_files: sourceFiles,
        listeners: Object.entries(listeners).map(([key, { kind, rules }]) => ({ key, kind, rules })),
      }
    },
    reload: async () => {
      const outcome = await parts.reloader.reload('verb')
      if (outcome.status === 'failed') {
        const { message, report, diagnostics } = outcome.failure
        const data: ReloadFailure = { report, diagnostics }
        throw new MgmtError('reload_failed', `the old configuration goes on serving: ${message}`, data)
      }
      return {
        status: outcome.status,
        version_hash: outcome.versionHash,
        duration_ms: outcome.durationMs,
        warnings: outcome.status === 'swapped' ? outcome.warnings : [],
      }
    },
    shutdown: ({ timeout_secs: seconds = parts.drainTimeoutMs / 1_000 }) => {
      // After this turn, so that the answer is written before its connection closes.
      setImmediate(() => (seconds === 0 ? parts.shutdown.now() : parts.shutdown.drain(seconds * 1_000)))
      return { timeout_secs: seconds }
    },
    set_flow_verbosity: ({ verbosity }) => {
      parts.flowLog.verbosity = verbosity
      return { verbosity: parts.flowLog.verbosity }
    },
    tail_flow: (args, stream) => tailFlow(parts.flowLog, args, stream),
  }
}

/** Upstreams that a message about a wrong name lists at most. */
const MAX_LISTED = 10

/** What a name that is none was meant to be, else what there is. */
function toHint(name: string, known: readonly string[]): string {
  const near = suggest(name, known)
  if (near !== undefined) return `did you mean "${near}"?`
  const names = [...new Set(known)]
  if (names.length === 0) return 'there is none at all'
  const more = names.length > MAX_LISTED ? `, and ${names.length - MAX_LISTED} more` : ''
  return `there is ${names.slice(0, MAX_LISTED).join(', ')}${more}`
}

function toPools(features: Pick<OpenFeatures, 'wasm' | 'cgi'>): PoolsResult {
  const pools = features.wasm?.snapshot() ?? []
  return {
    wasm: pools.map((pool) => ({
      kind: pool.kind,
      key: pool.key,
      export: pool.export,
      capacity: pool.capacity,
      available: pool.available,
      in_use: Math.max(0, pool.capacity - pool.available),
      total_allocations: pool.totalAllocations,
      failures: pool.failures,
    })),
    fetches: (features.wasm?.fetches() ?? []).map(({ inFlight, ...fetches }) => ({ in_flight: inFlight, ...fetches })),
    cgi: toCgiPool(features.cgi?.stats()),
  }
}

function toCgiPool(stats: CgiStats | undefined): CgiPoolResult | null {
  if (stats === undefined) return null
  const { capacity, inUse, total, refused } = stats
  return { capacity, available: capacity - inUse, in_use: inUse, total, refused }
}

function toStats({
  configDir,
  engine,
  features,
  flowLog,
  flowLogFile,
  reloader,
}: HandlerParts): Omit<StatsResult, keyof PingResult> {
  const stats = engine.stats()
  const { active, tunnels, total, canceled, byStatus } = stats.requests
  return {
    config: { dir: configDir, version_hash: stats.versionHash ?? '' },
    features: features.status,
    listeners: stats.listeners.map(({ key, state, addresses, error }) => ({
      key,
      state,
      addresses,
      error: error ?? null,
    })),
    connections: stats.connections,
    requests: { active, tunnels, total, canceled, by_status: byStatus },
    bytes: { in: stats.bytes.received, out: stats.bytes.sent },
    errors: stats.errors,
    plugin_anomalies: stats.pluginAnomalies,
    limit_hits: stats.limitHits,
    buffered_bytes: stats.bufferedBytes,
    upstreams: stats.upstreams,
    flow_log: {
      verbosity: flowLog.verbosity,
      entries: flowLog.total,
      file: flowLogFile === undefined ? null : { path: flowLogFile.path, ...flowLogFile.stats },
    },
    reloads: reloader.stats(),
  }
}
