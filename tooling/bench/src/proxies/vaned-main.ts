// The daemon as it is built, with the flow log on: the trajectory of every request goes into a ring of the last ones. The
// daemon has no switch for that yet, so its engine is made here, the rest by itself.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Trajectory } from '../../../../packages/vane-core/src/index.ts'

const RING_ENTRIES = 10_000
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

const ring: (Trajectory | undefined)[] = Array.from({ length: RING_ENTRIES }, () => undefined)
let next = 0
const onTrajectory = (trajectory: Trajectory): void => {
  ring[next] = trajectory
  next = next === RING_ENTRIES - 1 ? 0 : next + 1
}

const [configDir = ''] = process.argv.slice(2)
const dependencies = processDependencies()
const inbox = openSignalInbox()
const daemon = await boot(
  { configDir, features: undefined, version: 'bench' },
  { ...dependencies, createEngine: (options: object) => dependencies.createEngine({ ...options, onTrajectory }) },
)
process.exitCode = await serve(daemon, inbox)
