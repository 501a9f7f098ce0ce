import { parseLoadResult, type LoadResult } from './load/load-result.ts'
import type { LoadGenerator } from './load/load-launch.ts'
import { createChildGroup } from './process/child-group.ts'
import { pin, type Core } from './process/launch.ts'
import type { Measurement } from './report/summarise.ts'

const WARM_UP_SECONDS = 1

/** Where one run is aimed, and how long. */
export interface RunPlan {
  readonly url: string
  /** Process whose CPU time counts, with its children; undefined if none does. */
  readonly proxyPid: number | undefined
  readonly connections: number
  readonly seconds: number
  readonly loadCore: Core
  readonly load: LoadGenerator
  /** Microseconds of CPU time so far. */
  readonly readCpu: (pid: number) => number
  readonly signal: AbortSignal
}

/** Warms a proxy up, then loads it and reads what it cost. */
export async function measure(plan: RunPlan): Promise<Measurement> {
  await runLoad(plan, WARM_UP_SECONDS)
  const cpuBefore = plan.proxyPid === undefined ? 0 : plan.readCpu(plan.proxyPid)
  const result = await runLoad(plan, plan.seconds)
  const cpuMicros = plan.proxyPid === undefined ? undefined : plan.readCpu(plan.proxyPid) - cpuBefore
  const cpuMicrosPerRequest = cpuMicros === undefined || result.requests === 0 ? undefined : cpuMicros / result.requests
  return { ...result, cpuMicrosPerRequest }
}

async function runLoad({ url, connections, load, loadCore, signal }: RunPlan, seconds: number): Promise<LoadResult> {
  signal.throwIfAborted()
  const group = createChildGroup()
  const onAbort = (): void => void group.stop()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const child = await group.start(pin(load.launch({ url, connections, seconds }), loadCore))
    const code = await child.ended
    signal.throwIfAborted()
    if (code !== 0) throw new Error(`${load.name} ended with code ${code}:\n${child.output()}`)
    return parseLoadResult(child.output())
  } finally {
    signal.removeEventListener('abort', onAbort)
    await group.stop()
  }
}
