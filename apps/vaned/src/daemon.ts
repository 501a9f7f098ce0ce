import { join } from 'node:path'
import type { Logger, SymbolicFlowGraph } from 'vane-core'
import type { Engine, FlowLog, Settings } from 'vane-engine'
import type { MgmtServer, ReloadCause, VerbHandlers } from 'vane-mgmt'
import type { OpenFeatures } from './features.ts'
import type { FlowLogFile } from './flow-log-file.ts'
import { createHandlers } from './handlers.ts'
import { createListenerLog } from './log-listeners.ts'
import { prepareConfig, type PrepareParts } from './prepare.ts'
import { createReloader, type ReloadOutcome, type Reloader, type TimedReload } from './reload.ts'
import type { DaemonPaths } from './settings.ts'
import { createShutdown, type Shutdown } from './shutdown.ts'
import { watchFolders, type FolderWatch } from './watch-folders.ts'

/** What a running daemon is made of. It owns engine and features from now on. */
export interface DaemonParts {
  readonly version: string
  readonly settings: Settings
  readonly paths: DaemonPaths
  readonly logger: Logger
  readonly flushLog: () => void
  readonly features: OpenFeatures
  readonly engine: Engine
  readonly flowLog: FlowLog
  readonly flowLogFile: FlowLogFile | undefined
  readonly prepareParts: PrepareParts
  /** The graph that is being served. */
  readonly graph: SymbolicFlowGraph
  /** Of the files that it was linked with. */
  readonly filesDigest: string
  readonly createManagement: (handlers: VerbHandlers) => MgmtServer
}

/** A daemon that serves. */
export interface Daemon {
  readonly logger: Logger
  readonly shutdown: Shutdown
  /** How long SIGTERM lets requests in flight finish. */
  readonly drainTimeoutMs: number
  reload(cause: ReloadCause): Promise<TimedReload>
  /** Begins to answer on the management socket. */
  openManagement(): Promise<void>
  /** Begins to reload when files of the configuration change. */
  watch(): void
  flushLog(): void
}

/** Ties the parts together; the engine has been started. */
export function createDaemon(parts: DaemonParts): Daemon {
  const { engine, features, flowLog, flowLogFile, logger, settings } = parts
  let graph = parts.graph
  let filesDigest = parts.filesDigest
  let revision = features.revision()
  let management: MgmtServer | undefined
  let folders: FolderWatch | undefined

  const logListeners = createListenerLog(logger)
  logListeners(engine.listeners())

  const attemptReload = async (): Promise<ReloadOutcome> => {
    if (shutdown.state === 'draining') return refuse('the daemon is ending')
    const undoRefresh = await features.refresh()
    try {
      const outcome = await swapPrepared()
      if (outcome.status === 'failed') undoRefresh()
      return outcome
    } catch (error) {
      undoRefresh()
      throw error
    }
  }
  const swapPrepared = async (): Promise<ReloadOutcome> => {
    const served = { versionHash: graph.meta.versionHash, filesDigest, revision }
    const outcome = await prepareConfig({ ...parts.prepareParts, color: false }, served)
    if (outcome.status === 'failed') return outcome
    if (outcome.status === 'unchanged') return { status: 'unchanged', versionHash: outcome.graph.meta.versionHash }
    const { config } = outcome
    try {
      await engine.swap(config.linked)
    } catch (error) {
      // Unless it came into force before something else failed.
      if (engine.stats().versionHash !== config.graph.meta.versionHash) config.linked.dispose()
      throw error
    }
    graph = config.graph
    filesDigest = config.linked.filesDigest
    revision = features.revision()
    logListeners(engine.listeners())
    return { status: 'swapped', versionHash: graph.meta.versionHash, warnings: config.warnings }
  }
  const reloader: Reloader = createReloader(attemptReload, logger)
  const shutdown: Shutdown = createShutdown({
    engine,
    logger,
    closeManagement: async () => {
      folders?.close()
      await management?.close()
    },
    closeFeatures: async () => {
      await features.close()
      await flowLogFile?.close()
    },
  })

  return {
    logger,
    shutdown,
    drainTimeoutMs: settings.drainTimeoutSecs * 1_000,
    reload: (cause) => {
      // Whoever moved the file away says so with the signal.
      if (cause === 'signal') void flowLogFile?.reopen()
      return reloader.reload(cause)
    },
    async openManagement(): Promise<void> {
      management = parts.createManagement(
        createHandlers({
          version: parts.version,
          configDir: parts.paths.configDir,
          drainTimeoutMs: settings.drainTimeoutSecs * 1_000,
          startedAtMs: Date.now(),
          graph: () => graph,
          engine,
          features,
          flowLog,
          flowLogFile,
          reloader,
          shutdown,
        }),
      )
      await management.listen()
    },
    watch(): void {
      if (!settings.watch) return
      const { configDir, wasmDir } = parts.paths
      folders = watchFolders({
        // The folder around them as well: either of them may appear, or be replaced.
        folders: [configDir, join(configDir, 'rules'), wasmDir],
        logger,
        onChange: () => {
          if (shutdown.state === 'serving') void reloader.reload('watch')
        },
      })
    },
    flushLog: parts.flushLog,
  }
}

function refuse(message: string): ReloadOutcome {
  return { status: 'failed', failure: { message, report: message, diagnostics: [] } }
}
