import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DIRECT, chooseProxies } from './choose-proxies.ts'
import { chooseLoadGenerator } from './load/load-launch.ts'
import { measure } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { createChildGroup, type ChildGroup } from './process/child-group.ts'
import { createCpuClock } from './process/cpu-time.ts'
import { findProgram } from './process/find-program.ts'
import { findFreePort } from './process/free-port.ts'
import { pin, type Core } from './process/launch.ts'
import { waitUntilServing } from './process/wait-until-serving.ts'
import type { Proxy } from './proxies/proxy.ts'
import type { Measurement, Series } from './report/summarise.ts'
import { createUpstreamLaunch, UPSTREAM_BODY_BYTES } from './upstream/upstream-launch.ts'

/** What a run yields. */
export interface BenchResult {
  readonly series: readonly Series[]
  readonly upstream: string
  readonly load: string
  readonly pinned: boolean
  readonly bodyBytes: number
}

/** Told what is going on while it goes on. */
export type Progress = (line: string) => void

interface Standing {
  readonly name: string
  readonly version: string
  readonly url: string
  readonly pid: number | undefined
  readonly runs: Measurement[]
}

/** Starts the upstream and all proxies, measures them in interleaved rounds, and ends whatever it started. */
export async function runBench(options: BenchOptions, signal: AbortSignal, progress: Progress): Promise<BenchResult> {
  const { proxies, direct } = chooseProxies(options)
  const folder = await mkdtemp(join(tmpdir(), 'vane-bench-'))
  const group = createChildGroup()
  const pinned = availableParallelism() >= 2 && findProgram('taskset') !== undefined
  const loadCore: Core = pinned ? 1 : undefined
  if (!pinned)
    progress('not pinned: this needs two cores and taskset, and without them the load takes from the proxies')
  try {
    const upstreamPort = await findFreePort()
    const upstream = await createUpstreamLaunch(folder, upstreamPort)
    const upstreamUrl = `http://127.0.0.1:${upstreamPort}/`
    await waitUntilServing(await group.start(pin(upstream.launch, loadCore)), upstreamUrl, signal)

    const standing: Standing[] = direct
      ? [{ name: DIRECT, version: 'no proxy', url: upstreamUrl, pid: undefined, runs: [] }]
      : []
    for (const proxy of proxies) {
      const started = await startProxy(proxy, {
        folder,
        upstreamPort,
        options,
        group,
        core: pinned ? 0 : undefined,
        signal,
        progress,
      })
      if (started !== undefined) standing.push(started)
    }

    const load = chooseLoadGenerator()
    const readCpu = createCpuClock()
    progress(
      `upstream ${upstream.name}, load ${load.name}, ${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s`,
    )
    for (let round = 0; round < options.rounds; round += 1) {
      // Each round begins with another proxy, so that none always runs on a machine that has just come to rest.
      const order = [...standing.slice(round % standing.length), ...standing.slice(0, round % standing.length)]
      for (const target of order) {
        const { connections, seconds } = options
        const run = await measure({
          url: target.url,
          proxyPid: target.pid,
          connections,
          seconds,
          loadCore,
          load,
          readCpu,
          signal,
        })
        target.runs.push(run)
        progress(`round ${round + 1}/${options.rounds} ${target.name.padEnd(20)} ${describeRun(run)}`)
      }
    }
    return { series: standing, upstream: upstream.name, load: load.name, pinned, bodyBytes: UPSTREAM_BODY_BYTES }
  } finally {
    await group.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Surroundings {
  readonly folder: string
  readonly upstreamPort: number
  readonly options: BenchOptions
  readonly group: ChildGroup
  readonly core: Core
  readonly signal: AbortSignal
  readonly progress: Progress
}

async function startProxy(proxy: Proxy, around: Surroundings): Promise<Standing | undefined> {
  const missing = proxy.missing()
  if (missing !== undefined) {
    around.progress(`${proxy.name}: skipped, ${missing}`)
    return undefined
  }
  const folder = join(around.folder, proxy.name.replace('/', '-'))
  await mkdir(folder)
  const port = await findFreePort()
  const { upstreamPort, options } = around
  const launch = await proxy.prepare({ folder, port, upstreamPort, keepAlive: Math.max(64, options.connections) })
  const child = await around.group.start(pin(launch, around.core))
  const url = `http://127.0.0.1:${port}/`
  try {
    await waitUntilServing(child, url, around.signal)
  } catch (error) {
    throw new Error(`${proxy.name} ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  around.progress(`${proxy.name}: ${proxy.version()}, serving`)
  return { name: proxy.name, version: proxy.version(), url, pid: child.pid, runs: [] }
}

function describeRun({ requestsPerSecond, cpuMicrosPerRequest, errors }: Measurement): string {
  const cpu = cpuMicrosPerRequest === undefined ? '' : `, ${cpuMicrosPerRequest.toFixed(1)} µs CPU per request`
  return `${requestsPerSecond.toFixed(0).padStart(7)} requests/s${cpu}${errors > 0 ? `, ${errors} ERRORS` : ''}`
}
