import { DIRECT } from './choose-cases.ts'
import { chooseLoadGenerator } from './load/load-launch.ts'
import { measure } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { createCpuClock } from './process/cpu-time.ts'
import type { Measurement, Series } from './report/summarise.ts'
import { openStage, startProxy, startUpstream, type Progress, type Stage, type Standing } from './stage.ts'
import type { Case } from './workload/case.ts'

/** What the runs of one case yield. */
export interface CaseResult {
  readonly name: string
  readonly connections: number
  readonly upstream: string
  readonly generator: string
  readonly series: readonly Series[]
}

interface Contender {
  readonly name: string
  readonly version: string
  readonly url: string
  readonly pid: number | undefined
  readonly runs: Measurement[]
}

/** Starts the upstream and the proxies of a case, measures them in interleaved rounds, and ends whatever it started. */
export async function runCase(
  one: Case,
  options: Pick<BenchOptions, 'seconds' | 'rounds'>,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<CaseResult> {
  const { load, connections } = one
  const { rounds, seconds } = options
  await using stage = await openStage(signal, progress)
  const upstream = await startUpstream(stage, load.upstream)
  const contenders = await startContenders(stage, one, upstream)
  const generator = chooseLoadGenerator()
  const readCpu = createCpuClock()
  progress(
    `${one.name}: upstream ${upstream.name}, load ${generator.name}, ${connections} connections, ${rounds} rounds of ${seconds} s`,
  )
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another proxy, so that none always runs on a machine that has just come to rest.
    const first = round % contenders.length
    for (const { name, url, pid, runs } of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const run = await measure(stage, {
        load: { url, request: load.request, connections, seconds },
        proxyPid: pid,
        generator,
        readCpu,
      })
      runs.push(run)
      progress(`${one.name} ${round + 1}/${rounds} ${name.padEnd(20)} ${describeRun(run)}`)
    }
  }
  return { name: one.name, connections, upstream: upstream.name, generator: generator.name, series: contenders }
}

async function startContenders(stage: Stage, one: Case, upstream: Standing): Promise<Contender[]> {
  const { connections, load, direct } = one
  const contenders: Contender[] = direct
    ? [{ name: DIRECT, version: 'no proxy', url: upstream.url, pid: undefined, runs: [] }]
    : []
  for (const proxy of one.proxies) {
    const missing = proxy.missing()
    if (missing !== undefined) {
      stage.progress(`${proxy.name}: skipped, ${missing}`)
      continue
    }
    const site = { upstreamPort: upstream.port, connections, routes: load.routes }
    const { name, version, url, child } = await startProxy(stage, proxy, site)
    stage.progress(`${name}: ${version}, serving`)
    contenders.push({ name, version, url, pid: child.pid, runs: [] })
  }
  return contenders
}

function describeRun({ requestsPerSecond, cpuMicrosPerRequest, errors }: Measurement): string {
  const cpu = cpuMicrosPerRequest === undefined ? '' : `, ${cpuMicrosPerRequest.toFixed(1)} µs CPU per request`
  return `${requestsPerSecond.toFixed(0).padStart(7)} requests/s${cpu}${errors > 0 ? `, ${errors} ERRORS` : ''}`
}
