import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { chooseLoadGenerator, launchOwn } from './load/load-launch.ts'
import { runLoad } from './load/run-load.ts'
import type { BenchOptions } from './options.ts'
import type { Child } from './process/child-group.ts'
import { pin } from './process/launch.ts'
import { readTreeRssBytes } from './process/memory.ts'
import { raiseOpenFiles } from './process/open-files.ts'
import type { Proxy } from './proxies/proxy.ts'
import { parseIdleResult, type IdleMeasurement, type IdleSeries } from './report/summarise-idle.ts'
import { openStage, prepareSite, startProxy, startUpstream, type Progress } from './stage.ts'
import type { Case } from './workload/case.ts'
import { SMALL } from './workload/loads.ts'

/** Files of a process that are no client connections. */
const OTHER_FILES = 512
const WARM_UP_CONNECTIONS = 32
const WARM_UP_SECONDS = 2
const OPEN_TIMEOUT_MS = 120_000
/** How long memory may come to rest. */
const SETTLE_MS = 2000
const POLL_INTERVAL_MS = 50
/** Memory per connection hardly varies, and every run needs a new process. */
const MAX_ROUNDS = 3

/** What the runs of the idle case yield. */
export interface IdleCaseResult {
  readonly connections: number
  readonly series: readonly IdleSeries[]
}

/** Opens connections to one proxy after another, each just started and warmed up, and reads the memory before and with them. */
export async function runIdleCase(
  one: Case,
  options: Pick<BenchOptions, 'rounds'>,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<IdleCaseResult> {
  const allowed = raiseOpenFiles(one.connections + OTHER_FILES) - OTHER_FILES
  const connections = Math.min(one.connections, allowed)
  if (connections < 1)
    throw new Error(`idle needs more open files than the ${allowed + OTHER_FILES} allowed: ulimit -n`)
  if (connections < one.connections)
    progress(`idle: ${connections} instead of ${one.connections} connections, ulimit -n allows no more`)
  const rounds = Math.min(options.rounds, MAX_ROUNDS)
  const series: { name: string; version: string; runs: IdleMeasurement[] }[] = []
  for (const proxy of one.proxies) {
    const missing = proxy.missing()
    if (missing !== undefined) {
      progress(`${proxy.name}: skipped, ${missing}`)
      continue
    }
    const runs: IdleMeasurement[] = []
    series.push({ name: proxy.name, version: proxy.version(), runs })
    for (let round = 0; round < rounds; round += 1) {
      const run = await measureIdle(proxy, connections, { signal, progress })
      runs.push(run)
      const { beforeBytes, withBytes, kept } = run
      progress(
        `${one.name} ${round + 1}/${rounds} ${proxy.name.padEnd(20)} ${((withBytes - beforeBytes) / kept / 1024).toFixed(1)} KiB per connection, ${kept} kept`,
      )
    }
  }
  return { connections, series }
}

async function measureIdle(
  proxy: Proxy,
  connections: number,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<IdleMeasurement> {
  await using stage = await openStage(signal, progress)
  const upstream = await startUpstream(stage, SMALL.upstream)
  const site = await prepareSite(stage, SMALL, { upstreamPort: upstream.port, connections })
  const { url, child } = await startProxy(stage, proxy, site)
  const warmUp = { url, request: SMALL.request, connections: WARM_UP_CONNECTIONS, seconds: WARM_UP_SECONDS }
  await runLoad(stage, await chooseLoadGenerator(SMALL.client).prepare(warmUp, join(stage.folder, 'load')))
  await delay(SETTLE_MS, undefined, { signal })
  const beforeBytes = readTreeRssBytes(child.pid)
  const launch = launchOwn('idle-load-main.ts', { url, request: SMALL.request, connections })
  const holder = await stage.group.start(pin(launch, stage.loadCore))
  await waitForLine(holder, signal)
  await delay(SETTLE_MS, undefined, { signal })
  const withBytes = readTreeRssBytes(child.pid)
  process.kill(holder.pid, 'SIGTERM')
  await holder.ended
  return { beforeBytes, withBytes, ...parseIdleResult(holder.output()) }
}

async function waitForLine(child: Child, signal: AbortSignal): Promise<void> {
  let hasEnded = false
  void child.ended.then(() => (hasEnded = true))
  for (const endMs = performance.now() + OPEN_TIMEOUT_MS; performance.now() < endMs;) {
    if (child.output().includes('\n')) return
    if (hasEnded) throw new Error(`the connections could not be opened:\n${child.output()}`)
    await delay(POLL_INTERVAL_MS, undefined, { signal })
  }
  throw new Error(`the connections were not open after ${OPEN_TIMEOUT_MS} ms:\n${child.output()}`)
}
