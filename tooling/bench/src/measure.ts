import type { LoadResult } from './load/load-result.ts'
import { runLoad } from './load/run-load.ts'
import type { Launch } from './process/launch.ts'
import { readTreeRssBytes } from './process/memory.ts'
import type { Measurement } from './report/summarise.ts'
import type { Stage } from './stage.ts'

/** How long a proxy runs before it is measured for so many seconds: compilers take their time, short looks have none. */
export function warmUpSecondsFor(seconds: number): number {
  return Math.min(seconds, 2)
}

/** How one run goes. */
export interface RunPlan {
  /** The load that is not measured. */
  readonly warmUp: Launch
  readonly load: Launch
  /** Reads what the load printed. */
  readonly readResult: (output: string) => LoadResult
  /** Process whose CPU time and memory count, with its children; undefined if none does. */
  readonly proxyPid: number | undefined
  /** Microseconds of CPU time so far. */
  readonly readCpu: (pid: number) => number
}

/** Warms a proxy up, then loads it and reads what it cost. */
export async function measure(
  stage: Stage,
  { warmUp, load, readResult, proxyPid, readCpu }: RunPlan,
): Promise<Measurement> {
  await runLoad(stage, warmUp)
  const cpuBefore = proxyPid === undefined ? 0 : readCpu(proxyPid)
  const result = readResult(await runLoad(stage, load))
  if (proxyPid === undefined) return { ...result, cpuMicrosPerRequest: undefined, rssBytes: undefined }
  const cpuMicros = readCpu(proxyPid) - cpuBefore
  return {
    ...result,
    cpuMicrosPerRequest: result.requests === 0 ? undefined : cpuMicros / result.requests,
    rssBytes: readTreeRssBytes(proxyPid),
  }
}
