import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chooseLoadGenerator } from '../load/load-launch.ts'
import { runLoad } from '../load/run-load.ts'
import { parseCount, parseFlags } from '../parse-flags.ts'
import { findProgram } from '../process/find-program.ts'
import { takePriority } from '../process/priority.ts'
import { describeMachine } from '../report/describe-machine.ts'
import { median } from '../report/summarise.ts'
import { openStage, startUpstream } from '../stage.ts'
import { SMALL } from '../workload/loads.ts'
import { measureRecordings } from './measure-recordings.ts'
import { UsageError } from '../usage-error.ts'
import { startSubject } from './start-subject.ts'
import type { Recording } from './switched-flow-log.ts'

/** The first is what the others are compared with. */
const RECORDINGS: readonly Recording[] = ['off', 'ring', 'listener', 'file']
const NAMES: Readonly<Record<Recording, string>> = {
  off: 'nothing',
  ring: 'the ring, as in the daemon',
  listener: 'the ring and a listener',
  file: 'the ring and the file',
}

const flags = parseFlags(process.argv.slice(2), {
  rounds: { type: 'string', default: '100' },
  only: { type: 'string', default: RECORDINGS.slice(1).join(',') },
  nice: { type: 'string' },
})
const rounds = parseCount('rounds', flags.rounds)
const recordings = parseRecordings(flags.only)
if (flags.nice !== undefined) takePriority(Number(flags.nice))

const { cpu, cores, kernel, node } = describeMachine()
console.log(`${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}`)
console.log(
  `CPU time of the engine's process per request: medians of ${rounds} rounds that took turns (best in brackets)`,
)

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(`ended by ${name}`)))

await using stage = await openStage(stop.signal, () => {})
const upstream = await startUpstream(stage, SMALL.upstream)
const taskset = findProgram('taskset')
if (stage.proxyCore !== undefined && taskset !== undefined)
  execFileSync(taskset, ['-acp', String(stage.proxyCore), String(process.pid)], { stdio: 'ignore' })
const folder = join(stage.folder, 'subject')
await mkdir(folder)
const subject = await startSubject(folder, upstream.port)
const generator = chooseLoadGenerator(SMALL.client)
/** At most; the load ends when the rounds are over. */
const seconds = 3_600

for (const [title, url] of [
  ['proxied: 8 browser headers, 1 KiB down', subject.proxiedUrl],
  ['answered by a rule: the cheapest there is', subject.answeredUrl],
] as const) {
  const load = { url, request: toRequest(url), connections: SMALL.connections, seconds }
  // How long the rounds take depends on what else the machine does: the load goes on until it is told to end.
  const over = new AbortController()
  const signal = AbortSignal.any([stop.signal, over.signal])
  const running = runLoad({ ...stage, signal }, await generator.prepare(load, join(stage.folder, 'wrk.lua')))
  const micros = await Promise.race([measureRecordings(subject, recordings, rounds), failure(running)])
  over.abort()
  await running.catch(() => {})
  console.log(`\n${title}`)
  for (const line of toLines(micros)) console.log(line)
}
await subject.close()

/** Nothing comes with every other: without it there is nothing to compare with. */
function parseRecordings(only: string): readonly Recording[] {
  const wanted = only.split(',')
  const unknown = wanted.find((each) => !RECORDINGS.slice(1).some((recording) => recording === each))
  if (unknown !== undefined) throw new UsageError(`--only: ${unknown} is none of ${RECORDINGS.slice(1).join(', ')}`)
  return RECORDINGS.filter((recording) => recording === 'off' || wanted.includes(recording))
}

function toRequest(url: string): typeof SMALL.request {
  const { pathname, search } = new URL(url)
  return { ...SMALL.request, targets: [{ path: pathname + search }] }
}

function toLines(microsOf: ReadonlyMap<Recording, readonly number[]>): string[] {
  const base = microsOf.get('off')!
  return [...microsOf].map(([recording, micros]) => {
    const known = micros.filter(Number.isFinite)
    const figures = `  ${NAMES[recording].padEnd(28)} ${median(known).toFixed(2)} µs (${Math.min(...known).toFixed(2)})`
    if (recording === 'off') return figures
    // Of the same round each: that takes out how fast the machine was just then.
    const more = micros.map((each, round) => (each - base[round]!) * 1_000).filter(Number.isFinite)
    const share = (median(more) / median(base.filter(Number.isFinite)) / 10).toFixed(1)
    return `${figures}  + ${median(more).toFixed(0)} ± ${toErrorOfMedian(more).toFixed(0)} ns, ${share} % of a request`
  })
}

/** Standard error of a median, from the quartiles, which what is far out does not move. */
function toErrorOfMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const quartiles = [0.25, 0.75].map((share) => sorted[Math.floor(sorted.length * share)]!)
  return (1.25 * (quartiles[1]! - quartiles[0]!)) / 1.35 / Math.sqrt(sorted.length)
}

/** A load that ends by itself has failed. */
async function failure(running: Promise<string>): Promise<never> {
  throw new Error(`the load ended too early: ${await running}`)
}
