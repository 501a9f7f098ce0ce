import type { LoadGenerator, LoadPlan } from './load/load-launch.ts'
import { parseLoadResult, type LoadResult } from './load/load-result.ts'
import { runLoad } from './load/run-load.ts'
import { readTreeRssBytes } from './process/memory.ts'
import type { Measurement } from './report/summarise.ts'
import type { Stage } from './stage.ts'

const WARM_UP_SECONDS = 1

/** How one run goes. */
export interface RunPlan {
  readonly load: LoadPlan
  /** Process whose CPU time and memory count, with its children; undefined if none does. */
  readonly proxyPid: number | undefined
  readonly generator: LoadGenerator
  /** Microseconds of CPU time so far. */
  readonly readCpu: (pid: number) => number
}

/** Warms a proxy up, then loads it and reads what it cost. */
export async function measure(stage: Stage, { load, proxyPid, generator, readCpu }: RunPlan): Promise<Measurement> {
  const run = async (seconds: number): Promise<LoadResult> =>
    parseLoadResult(await runLoad(stage, await generator.prepare({ ...load, seconds }, stage.folder)))
  await run(WARM_UP_SECONDS)
  const cpuBefore = proxyPid === undefined ? 0 : readCpu(proxyPid)
  const result = await run(load.seconds)
  if (proxyPid === undefined) return { ...result, cpuMicrosPerRequest: undefined, rssBytes: undefined }
  const cpuMicros = readCpu(proxyPid) - cpuBefore
  return {
    ...result,
    cpuMicrosPerRequest: result.requests === 0 ? undefined : cpuMicros / result.requests,
    rssBytes: readTreeRssBytes(proxyPid),
  }
}
