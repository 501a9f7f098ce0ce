import { mkdir } from 'node:fs/promises'
import { formatDiagnostic, formatDiagnostics, type Logger } from 'vane-core'
import {
  FlowLog,
  type createEngine,
  type Engine,
  type loadConfig,
  type loadSettings,
  type LogLevel,
  type Settings,
} from 'vane-engine'
import type { createMgmtServer } from 'vane-mgmt'
import { ExitError } from './exit-error.ts'
import { chooseFeatures, openFeatures, type FeatureSpec, type OpenFeatures } from './features.ts'
import type { LogHandle } from './logger.ts'
import type { PrepareParts } from './prepare.ts'
import { idleVariables, toBindOptions, toEngineLimits, toPaths, type DaemonPaths } from './settings.ts'

/** What the command line asked for. */
export interface BootOptions {
  readonly configDir: string
  /** Of `--features`. */
  readonly features: string | undefined
  readonly version: string
}

/** The daemon's surroundings; tests bring their own. */
export interface BootDependencies {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly features: readonly FeatureSpec[]
  readonly createLogger: (level: LogLevel) => Promise<LogHandle>
  readonly loadSettings: typeof loadSettings
  readonly loadConfig: typeof loadConfig
  readonly createEngine: typeof createEngine
  readonly createMgmtServer: typeof createMgmtServer
  /** Whether reports for standard error are coloured. */
  readonly color: boolean
}

/** What start and `--check` have in common. */
export interface OpenParts {
  readonly settings: Settings
  readonly paths: DaemonPaths
  readonly logger: Logger
  readonly flushLog: () => void
  readonly features: OpenFeatures
  readonly flowLog: FlowLog
  readonly engine: Engine
  readonly prepareParts: PrepareParts
}

/**
 * Environment and `.env` → logger → features → engine. `stack` closes them again, last first.
 *
 * @throws ExitError with the text for the operator.
 */
export async function openParts(
  options: BootOptions,
  dependencies: BootDependencies,
  stack: AsyncDisposableStack,
): Promise<OpenParts> {
  const { settings, diagnostics } = await dependencies.loadSettings(options.configDir, dependencies.variables)
  if (settings === undefined) {
    const report = formatDiagnostics(diagnostics, { color: dependencies.color })
    throw new ExitError(1, `the settings cannot be used\n\n${report}`)
  }
  const paths = toPaths(options.configDir, settings, dependencies.variables)
  const choice =
    options.features === undefined
      ? chooseFeatures(settings.features, 'VANE_FEATURES', dependencies.features)
      : chooseFeatures(options.features, '--features', dependencies.features)
  const { logger, flush } = await dependencies.createLogger(settings.logLevel)
  stack.defer(flush)
  for (const diagnostic of diagnostics) logger.warn(formatDiagnostic(diagnostic))
  for (const name of idleVariables(settings)) logger.warn(`${name} has no effect in this version`)

  await makeStateDir(paths.stateDir)
  const features = await openFeatures(choice, { settings, paths, logger })
  stack.defer(() => features.close())
  for (const { name, on, reason } of features.status)
    if (!on) logger.info(`the feature "${name}" is off: ${reason ?? ''}`)

  const flowLog = new FlowLog()
  const engine = dependencies.createEngine({
    logger,
    flowLog,
    configDir: options.configDir,
    ...(settings.via === undefined ? {} : { via: settings.via }),
    bind: toBindOptions(settings),
    limits: toEngineLimits(settings),
    ...(features.wasm === undefined ? {} : { wasm: features.wasm }),
    ...(features.cgi === undefined ? {} : { cgi: features.cgi }),
  })
  stack.defer(() => engine.close())
  const prepareParts = { paths, features, engine, loadConfig: dependencies.loadConfig, color: dependencies.color }
  return { settings, paths, logger, flushLog: flush, features, flowLog, engine, prepareParts }
}

/** Group members may pass through to the management socket, which is 0660. */
async function makeStateDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o750 })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ExitError(1, `cannot make the state directory ${path}: ${reason}; VANE_STATE_DIR names another one`, {
      cause: error,
    })
  }
}
