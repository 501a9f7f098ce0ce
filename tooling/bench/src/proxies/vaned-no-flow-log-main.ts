// The daemon as it is built, but for its flow log, which hears of nothing. The daemon has no switch for that, so its engine
// is made here, the rest by itself.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const DIST = join(import.meta.dirname, '../../../../apps/vaned/dist')

/** What this touches of the daemon's parts; their types would bring all of its sources into this package. */
interface DaemonParts {
  processDependencies(): {
    createEngine(options: object): unknown
    [name: string]: unknown
  }
  openSignalInbox(): unknown
  boot(options: object, dependencies: object): Promise<unknown>
  serve(daemon: unknown, inbox: unknown): Promise<number>
}

const files = ['process-dependencies.js', 'signals.js', 'boot.js', 'serve.js']
const modules = await Promise.all(
  files.map(async (file): Promise<unknown> => import(pathToFileURL(join(DIST, file)).href)),
)
const { processDependencies, openSignalInbox, boot, serve } = Object.assign({}, ...modules) as DaemonParts

const [configDir = ''] = process.argv.slice(2)
const dependencies = processDependencies()
const inbox = openSignalInbox()
const daemon = await boot(
  { configDir, features: undefined, version: 'bench' },
  { ...dependencies, createEngine: (options: object) => dependencies.createEngine({ ...options, flowLog: undefined }) },
)
process.exitCode = await serve(daemon, inbox)
