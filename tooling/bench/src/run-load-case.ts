import { join } from 'node:path'
import { chooseLoadGenerator, launchOwn, type LoadGenerator, type LoadPlan } from './load/load-launch.ts'
import { parseLoadResult, type LoadResult } from './load/load-result.ts'
import { runLoad } from './load/run-load.ts'
import { measure, warmUpSecondsFor } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { createCpuClock } from './process/cpu-time.ts'
import type { Launch } from './process/launch.ts'
import { DIRECT } from './proxies/contenders.ts'
import type { Measurement, Series } from './report/summarise.ts'
import { openStage, prepareSite, startProxy, startUpstream, type Progress, type Stage, type Standing } from './stage.ts'
import type { Case } from './workload/case.ts'

/** What the runs of one case under load yield. */
export interface LoadCaseResult {
  readonly connections: number
  readonly upstream: string
  readonly generator: string
  /** What is counted: each handshake comes with one request. */
  readonly unit: 'request' | 'handshake'
  /** Requests that were due per second; undefined where each waited for the one before. */
  readonly requestsPerSecond: number | undefined
  readonly series: readonly Series[]
}

interface Contender {
  readonly name: string
  readonly version: string
  readonly url: string
  readonly pid: number | undefined
  readonly runs: Measurement[]
}

/** What all runs of a case share. */
interface Course {
  readonly stage: Stage
  readonly generator: LoadGenerator
  readonly plan: Omit<LoadPlan, 'url' | 'seconds'>
  readonly seconds: number
  readonly requestsPerSecond: number | undefined
}

/** Runs are this long at least to find out what nginx reaches. */
const CALIBRATION_SECONDS = 2
/** Where the load generator has a file of its own. */
const GENERATOR_FILE = 'load'

/** Starts the upstream and the proxies of a case, measures them in interleaved rounds, and ends whatever it started. */
export async function runLoadCase(
  one: Case,
  { rounds, seconds }: Pick<BenchOptions, 'seconds' | 'rounds'>,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<LoadCaseResult> {
  const { name, load, connections } = one
  await using stage = await openStage(signal, progress)
  const upstream = await startUpstream(stage, load.upstream)
  const contenders = await startContenders(stage, one, upstream)
  const closed: Course = {
    stage,
    generator: chooseLoadGenerator(load.client),
    plan: { request: load.request, connections },
    seconds,
    requestsPerSecond: undefined,
  }
  const requestsPerSecond = await findRate(one, contenders, closed)
  const generator =
    requestsPerSecond === undefined ? closed.generator.name : `${requestsPerSecond} requests/s from rate-load`
  progress(
    `${name}: upstream ${upstream.name}, load ${generator}, ${connections} connections, ${rounds} × ${seconds} s`,
  )
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another proxy, so that none always runs on a machine that has just come to rest.
    const first = round % contenders.length
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const run = await runOnce(contender, { ...closed, requestsPerSecond })
      contender.runs.push(run)
      progress(`${name} ${round + 1}/${rounds} ${contender.name.padEnd(20)} ${describeRun(run)}`)
    }
  }
  const unit = load.client.kind === 'handshakes' ? 'handshake' : 'request'
  return { connections, upstream: upstream.name, generator, unit, requestsPerSecond, series: contenders }
}

async function startContenders(stage: Stage, one: Case, upstream: Standing): Promise<Contender[]> {
  const { connections, load, direct } = one
  const contenders: Contender[] = direct
    ? [{ name: DIRECT, version: 'no proxy', url: upstream.url, pid: undefined, runs: [] }]
    : []
  const site = await prepareSite(stage, load, { upstreamPort: upstream.port, connections })
  for (const proxy of one.proxies) {
    const missing = proxy.missing()
    if (missing !== undefined) {
      stage.progress(`${proxy.name}: skipped, ${missing}`)
      continue
    }
    const { name, version, url, child } = await startProxy(stage, proxy, site)
    stage.progress(`${name}: ${version}, serving`)
    contenders.push({ name, version, url, pid: child.pid, runs: [] })
  }
  return contenders
}

/** The rate at which requests are due; undefined where each waits for the one before. */
async function findRate(
  { name, mode }: Case,
  contenders: readonly Contender[],
  course: Course,
): Promise<number | undefined> {
  if (mode.kind === 'rate') return mode.requestsPerSecond
  if (mode.kind !== 'share-of-nginx') return undefined
  const nginx = contenders.find((contender) => contender.name === 'nginx')
  if (nginx === undefined) throw new Error(`${name} goes by what nginx reaches, and nginx does not run`)
  const seconds = Math.max(CALIBRATION_SECONDS, course.seconds)
  await runLoad(course.stage, await prepareClosed(nginx, course, warmUpSecondsFor(seconds)))
  const result = readClosed(course, await runLoad(course.stage, await prepareClosed(nginx, course, seconds)))
  course.stage.progress(`nginx reaches ${result.requestsPerSecond.toFixed(0)} requests/s`)
  return Math.max(1, Math.round(result.requestsPerSecond * mode.share))
}

async function runOnce(contender: Contender, course: Course): Promise<Measurement> {
  const { stage, plan, seconds, requestsPerSecond } = course
  return measure(stage, {
    warmUp: await prepareClosed(contender, course, warmUpSecondsFor(seconds)),
    load:
      requestsPerSecond === undefined
        ? await prepareClosed(contender, course, seconds)
        : launchOwn('rate-load-main.ts', { ...plan, url: contender.url, seconds, requestsPerSecond }),
    readResult: requestsPerSecond === undefined ? (output) => readClosed(course, output) : parseLoadResult,
    proxyPid: contender.pid,
    readCpu: createCpuClock(),
  })
}

function prepareClosed({ url }: Contender, { stage, generator, plan }: Course, seconds: number): Promise<Launch> {
  return generator.prepare({ ...plan, url, seconds }, join(stage.folder, GENERATOR_FILE))
}

function readClosed({ stage, generator }: Course, output: string): LoadResult {
  return generator.read(output, join(stage.folder, GENERATOR_FILE))
}

function describeRun({ requestsPerSecond, cpuMicrosPerRequest, p99Micros, errors }: Measurement): string {
  const cpu = cpuMicrosPerRequest === undefined ? '' : `, ${cpuMicrosPerRequest.toFixed(1)} µs CPU per request`
  const failed = errors > 0 ? `, ${errors} ERRORS` : ''
  return `${requestsPerSecond.toFixed(0).padStart(7)} requests/s${cpu}, p99 ${p99Micros} µs${failed}`
}
