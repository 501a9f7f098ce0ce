import { SILENT_LOGGER, type SymbolicFlowGraph, VaneError } from 'vane-core'
import { DEFAULT_BIND_OPTIONS, DEFAULT_ENGINE_LIMITS, type EngineOptions } from './engine-options.ts'
import { BodyMemory } from './floor/body-memory.ts'
import { ConnectionFloor } from './floor/connection-floor.ts'
import { link } from './link/link.ts'
import type { LinkedGraph } from './link/linked-graph.ts'
import { OFFERED_PROTOCOLS } from './listen/http-codecs.ts'
import { ListenerSet } from './listen/listener-set.ts'
import type { ListenerStatus } from './listen/listener.ts'
import { FlowLog } from './observe/flow-log.ts'
import { EngineCounters } from './observe/engine-counters.ts'
import { type EngineStats, toEngineStats } from './observe/engine-stats.ts'
import { hashTlsFiles } from './tls/hash-tls-files.ts'
import { SystemRoots } from './tls/system-roots.ts'
import { TicketKeys } from './tls/ticket-keys.ts'
import { TlsFiles } from './tls/tls-files.ts'
import { UpstreamPools } from './upstream/upstream-pools.ts'

/** A running proxy: one graph in force, its listeners, its upstream pools. */
export interface Engine {
  /**
   * Makes a graph runnable on this engine, without touching the one in force. Whoever does not hand it to `start` or `swap`
   * disposes of it.
   *
   * @throws VaneError of kind `compile` that names rule, file and line.
   */
  link(graph: SymbolicFlowGraph): Promise<LinkedGraph>
  /**
   * SHA-256 of the files that a graph's rules name, as they are now: another one than `filesDigest` of the linked graph
   * means that linking it again would make something else of it.
   */
  hashFiles(graph: SymbolicFlowGraph): Promise<string>
  /**
   * Binds every listener. Listeners that do not bind at once are retried in the background.
   *
   * @throws VaneError of kind `io` where none is bound by the deadline; the engine is then closed.
   */
  start(linked: LinkedGraph): Promise<void>
  /**
   * Puts another graph in force at once. Requests that arrive from now on walk it, on kept-alive connections too; those
   * under way finish on the old one, which is disposed of after the last. Resolves when new listeners have tried to bind.
   */
  swap(linked: LinkedGraph): Promise<void>
  /** How each listener is doing, those included that still drain. */
  listeners(): ListenerStatus[]
  /** Figures since the engine was made. */
  stats(): EngineStats
  /**
   * Closes the connections to an upstream that no request is on, so that the next request makes a new one, and asks for the
   * upstream's name anew.
   *
   * @param upstream as `stats` names it.
   * @returns how many were closed, or `undefined` where there is no such upstream.
   */
  drainUpstream(upstream: string): number | undefined
  /** Stops accepting, lets requests finish, cuts what is left after the timeout. The engine is then closed. */
  drain(timeoutMs: number): Promise<{ readonly forcedConnections: number }>
  /** Ends now, running requests included. Idempotent. */
  close(): Promise<void>
}

/** Makes an engine. It does nothing before `start`, and holds nothing after `drain` or `close`. */
export function createEngine(options: EngineOptions = {}): Engine {
  const logger = options.logger ?? SILENT_LOGGER
  const startedAtMs = performance.now()
  const counters = new EngineCounters()
  const pools = new UpstreamPools(logger)
  const ticketKeys = new TicketKeys()
  const roots = new SystemRoots()
  const configDir = options.configDir ?? process.cwd()
  let current: LinkedGraph | undefined
  let isClosed = false

  const assertOpen = (): void => {
    if (isClosed) throw new VaneError({ kind: 'canceled' }, 'engine is closed')
  }
  const { flowLog, unsubscribe } = toFlowLog(options)
  const limits = { ...DEFAULT_ENGINE_LIMITS, ...options.limits }
  const floor = new ConnectionFloor({ limits, logger, counters, flowLog })
  const bodies = new BodyMemory(limits, floor)
  const listeners = new ListenerSet({
    logger,
    counters,
    floor,
    bodies,
    flowLog,
    bind: { ...DEFAULT_BIND_OPTIONS, ...options.bind },
    limits,
    currentGraph: () => {
      if (current === undefined) throw new VaneError({ kind: 'internal' }, 'connection before the first graph')
      return current
    },
  })
  const drain = async (timeoutMs: number): Promise<number> => {
    isClosed = true
    const forced = current === undefined ? 0 : await listeners.drain(timeoutMs)
    pools.close()
    current?.dispose()
    unsubscribe()
    return forced
  }

  return {
    async link(graph) {
      assertOpen()
      const tls = { files: new TlsFiles(configDir), ticketKeys, roots, alpn: OFFERED_PROTOCOLS }
      return link(graph, { pools, wasm: options.wasm, cgi: options.cgi, via: options.via, tls })
    },
    hashFiles: (graph) => hashTlsFiles(graph, configDir),
    async start(linked) {
      assertOpen()
      if (current !== undefined)
        throw new VaneError({ kind: 'internal' }, 'engine is started once; swap replaces its graph')
      current = linked
      try {
        await listeners.start(linked)
      } catch (error) {
        await drain(0)
        throw error
      }
    },
    async swap(linked) {
      assertOpen()
      const previous = current
      if (previous === undefined)
        throw new VaneError({ kind: 'internal' }, 'engine has no graph to replace yet; start it')
      if (previous === linked) return
      current = linked
      const followed = listeners.follow(previous, linked)
      previous.dispose()
      await followed
    },
    listeners: () => listeners.statuses(),
    stats: () =>
      toEngineStats(counters, {
        versionHash: current?.versionHash ?? null,
        uptimeMs: Math.round(performance.now() - startedAtMs),
        listeners: listeners.statuses(),
        upstreams: pools.stats(),
        openBytes: listeners.openBytes(),
        bufferedBytes: bodies.bytes,
      }),
    drainUpstream: (upstream) => pools.dropIdle(upstream),
    async drain(timeoutMs) {
      return { forcedConnections: await drain(timeoutMs) }
    },
    async close() {
      await drain(0)
    },
  }
}

/** The flow log of an engine: the one it is given, or one that keeps nothing where somebody listens. */
function toFlowLog({ flowLog, onTrajectory }: EngineOptions): {
  readonly flowLog: FlowLog | undefined
  readonly unsubscribe: () => void
} {
  if (onTrajectory === undefined) return { flowLog, unsubscribe: () => {} }
  const log = flowLog ?? new FlowLog({ maxEvents: 0 })
  const unsubscribe = log.subscribe((event) => {
    if (event.event === 'request') onTrajectory(event.trajectory)
  })
  return { flowLog: log, unsubscribe }
}
