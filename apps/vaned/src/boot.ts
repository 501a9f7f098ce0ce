import { assertSocketFree } from 'vane-mgmt'
import { openFlowLogFile } from './flow-log-file.ts'
import { createDaemon, type Daemon } from './daemon.ts'
import { ExitError } from './exit-error.ts'
import { openParts, type BootDependencies, type BootOptions } from './open-parts.ts'
import { prepareConfig, type PrepareParts, type PreparedConfig } from './prepare.ts'

/**
 * Starts the daemon: environment and `.env` → logger → features → config → compile → link → bind → management →
 * watcher. What fails
 * closes everything that was open by then.
 *
 * @throws ExitError with the text for the operator.
 */
export async function boot(options: BootOptions, dependencies: BootDependencies): Promise<Daemon> {
  await using stack = new AsyncDisposableStack()
  const opened = await openParts(options, dependencies, stack)
  const { paths, logger, engine, features, flowLog, prepareParts, settings } = opened
  const { socketPath } = paths
  // Before traffic is taken: two daemons on one socket is a mistake to notice early.
  await assertSocketFree(socketPath)
  const config = await prepareOrExit(prepareParts)
  for (const warning of config.warnings) logger.warn(warning)
  const flowLogFile = await openFlowLogFile(settings.flowLogFile, flowLog, logger)
  if (flowLogFile !== undefined) stack.defer(() => flowLogFile.close())
  await engine.start(config.linked)

  const daemon = createDaemon({
    ...opened,
    version: options.version,
    flowLogFile,
    graph: config.graph,
    filesDigest: config.linked.filesDigest,
    createManagement: (handlers) => dependencies.createMgmtServer({ socketPath, handlers, logger }),
  })
  await daemon.openManagement()
  daemon.watch()
  logger.info(
    {
      version: options.version,
      node: process.versions.node,
      pid: process.pid,
      configDir: paths.configDir,
      versionHash: config.graph.meta.versionHash,
      socket: socketPath,
      features: features.status.filter(({ on }) => on).map(({ name }) => name),
    },
    `vaned ${options.version} is ready`,
  )
  // From here on the daemon closes them.
  stack.move()
  return daemon
}

/**
 * Does what a start does up to the link, and takes it back.
 *
 * @throws ExitError with every problem of the configuration.
 */
export async function check(options: BootOptions, dependencies: BootDependencies): Promise<PreparedConfig> {
  await using stack = new AsyncDisposableStack()
  const { prepareParts } = await openParts(options, dependencies, stack)
  const config = await prepareOrExit(prepareParts)
  config.linked.dispose()
  return config
}

async function prepareOrExit(parts: PrepareParts): Promise<PreparedConfig> {
  const outcome = await prepareConfig(parts)
  if (outcome.status === 'ready') return outcome.config
  const report = outcome.status === 'failed' ? outcome.failure.report : 'nothing to serve'
  throw new ExitError(1, `the configuration in ${parts.paths.configDir} cannot be served\n\n${report}`)
}
