import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { chooseLoadGenerator } from '../load/load-launch.ts'
import { runLoad } from '../load/run-load.ts'
import { createCpuClock } from '../process/cpu-time.ts'
import { findProgram } from '../process/find-program.ts'
import { monotonicMicros } from '../process/monotonic-clock.ts'
import { pin } from '../process/launch.ts'
import { createVaned, type PluginChoice } from '../proxies/vaned.ts'
import { openStage, prepareSite, startProxy, startUpstream, type Progress, type Stage } from '../stage.ts'
import { missingUpstream } from '../upstream/upstream-launch.ts'
import type { Load } from '../workload/loads.ts'
import type { ProfileWindow } from './cpu-profile.ts'

const WARM_UP_SECONDS = 3
/** Hertz; no divisor of anything that runs by a clock. */
const PERF_FREQUENCY = 1999

/** How to profile. */
export interface ProfilePlan {
  readonly load: Load
  readonly seconds: number
  readonly connections: number
  readonly plugins: readonly PluginChoice[]
  readonly flowLog: boolean
  /** `v8` sees functions of JavaScript, `perf` all that the process and the kernel do for it. */
  readonly sampler: 'v8' | 'perf'
  /** Time between two samples of V8's. */
  readonly intervalMicros: number
  /** Where the profile goes. */
  readonly file: string
}

/** What a profiled run yields, beside its file. */
export interface ProfiledRun {
  /** Of the process that was. */
  readonly pid: number
  /** The load, without the start and the warm-up. */
  readonly window: ProfileWindow
  readonly requests: number
  readonly errors: number
  /** By the process's own count; the sampler's work included. */
  readonly cpuMicrosPerRequest: number
}

/** Loads vaned under a sampler and leaves the profile of its main thread in the plan's file. */
export async function runProfile(plan: ProfilePlan, signal: AbortSignal, progress: Progress): Promise<ProfiledRun> {
  const { load, connections, seconds, sampler } = plan
  if (sampler === 'perf' && findProgram('perf') === undefined)
    throw new Error('perf is not installed: apt-get install linux-perf')
  await using stage = await openStage(signal, progress)
  const profiles = join(stage.folder, 'profiles')
  const vaned = createVaned({
    name: 'vaned',
    flowLog: plan.flowLog,
    plugins: plan.plugins,
    nodeArgs:
      sampler === 'perf'
        ? ['--perf-basic-prof', '--interpreted-frames-native-stack']
        : ['--cpu-prof', `--cpu-prof-dir=${profiles}`, `--cpu-prof-interval=${plan.intervalMicros}`],
  })
  const generator = chooseLoadGenerator(load.client)
  const missing = vaned.missing() ?? generator.missing ?? missingUpstream(load.upstream)
  if (missing !== undefined) throw new Error(missing)
  const upstream = await startUpstream(stage, load.upstream)
  const site = await prepareSite(stage, load, { upstreamPort: upstream.port, connections })
  const { url, child } = await startProxy(stage, vaned, site)
  const file = join(stage.folder, 'load')
  progress(`upstream ${upstream.name}, load ${generator.name}, ${connections} connections, ${seconds} s`)
  const run = async (lengthSeconds: number): Promise<string> =>
    runLoad(stage, await generator.prepare({ url, request: load.request, connections, seconds: lengthSeconds }, file))
  await run(WARM_UP_SECONDS)
  await mkdir(dirname(plan.file), { recursive: true })
  const readCpu = createCpuClock()
  const cpuBefore = readCpu(child.pid)
  // V8 stamps its samples with the same clock.
  const fromMicros = monotonicMicros()
  const [output] = await Promise.all([
    run(seconds),
    ...(sampler === 'perf' ? [recordWithPerf(stage, child.pid, plan)] : []),
  ])
  const { requests, errors } = generator.read(output, file)
  const window = { fromMicros, toMicros: monotonicMicros() }
  const cpuMicrosPerRequest = (readCpu(child.pid) - cpuBefore) / requests

  // V8's profile is written when the process exits by itself.
  process.kill(child.pid, 'SIGTERM')
  const code = await child.ended
  if (code !== 0) throw new Error(`vaned ended with code ${code}:\n${child.output()}`)
  if (sampler === 'v8') await copyFile(await findMainThreadProfile(profiles, child.pid), plan.file)
  return { pid: child.pid, window, requests, errors, cpuMicrosPerRequest }
}

async function recordWithPerf({ group, loadCore }: Stage, pid: number, { file, seconds }: ProfilePlan): Promise<void> {
  const args = ['record', '-q', '-F', String(PERF_FREQUENCY), '-g', '-o', file, '-p', String(pid), '--', 'sleep']
  const perf = await group.start(pin({ command: 'perf', args: [...args, String(seconds)] }, loadCore))
  if ((await perf.ended) !== 0) throw new Error(`perf cannot record:\n${perf.output()}`)
}

/** Names are `CPU.DATE.TIME.PID.THREAD.SEQUENCE.cpuprofile`; the main thread is 0. */
async function findMainThreadProfile(folder: string, pid: number): Promise<string> {
  const names = await readdir(folder)
  const name = names.find((candidate) => candidate.includes(`.${pid}.0.`))
  if (name === undefined)
    throw new Error(`vaned wrote no profile of its main thread: ${names.join(', ') || 'none at all'}`)
  return join(folder, name)
}
