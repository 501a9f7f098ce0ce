import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Child, ChildGroup } from '../process/child-group.ts'
import { findFreePort } from '../process/free-port.ts'
import { waitUntilServing } from '../process/wait-until-serving.ts'

const VANED = resolve(import.meta.dirname, '../../../../apps/vaned/dist/main.js')
const START_TIMEOUT_MS = 60_000

/** A daemon of a trial's own. */
export interface Daemon {
  readonly child: Child
  readonly port: number
  readonly url: string
  /** Replaces the rules file and asks for a reload by signal. */
  reload(rules: object): Promise<void>
  /** Memory the process holds now, in MiB. */
  rssMiB(): Promise<number>
}

/** What the daemon is to run. */
export interface DaemonSetup {
  readonly folder: string
  readonly children: ChildGroup
  readonly rules: (port: number) => object
  /** Plugins to put beside the rules, with a memory limit that a JavaScript engine fits in. */
  readonly plugins?: readonly string[]
}

/** Starts the built daemon on rules of the trial's own and waits until it answers. */
export async function startDaemon({ folder, children, rules, plugins = [] }: DaemonSetup): Promise<Daemon> {
  const port = await findFreePort()
  const config = join(folder, 'config')
  const rulesFile = join(config, 'rules/trial.json')
  await mkdir(join(config, 'rules'), { recursive: true })
  await mkdir(join(config, 'wasm'), { recursive: true })
  await Promise.all(plugins.map((plugin) => copyFile(plugin, join(config, 'wasm', basename(plugin)))))
  const limits = plugins.map((plugin) => [basename(plugin, '.wasm'), { memory_mb: 4 }])
  await writeFile(join(config, 'wasm/limits.json'), JSON.stringify(Object.fromEntries(limits)))
  await writeFile(rulesFile, JSON.stringify(rules(port)))
  const child = await children.start({
    command: process.execPath,
    args: [VANED, '--config', config],
    env: {
      VANE_STATE_DIR: join(folder, 'state'),
      VANE_MGMT_UNIX: join(folder, 'vaned.sock'),
      VANE_MGMT_HTTP_PORT: '',
      VANE_LOG_LEVEL: 'warn',
    },
  })
  const url = `http://127.0.0.1:${port}`
  await waitUntilServing(child, { url: `${url}/` }, AbortSignal.timeout(START_TIMEOUT_MS))
  return {
    child,
    port,
    url,
    async reload(next) {
      await writeFile(rulesFile, JSON.stringify(next))
      process.kill(child.pid, 'SIGHUP')
    },
    async rssMiB() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
    },
  }
}
