import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { watPlugin } from '../../../fixtures/src/index.ts'
import { describeMachine } from '../report/describe-machine.ts'
import { median } from '../report/summarise.ts'
import { extismSubject } from './extism-subject.ts'
import { formatColumns } from './format-columns.ts'
import { jcoSubject } from './jco-subject.ts'
import { measureCalls, type CallFigures } from './measure-calls.ts'
import { measureDeadline } from './measure-deadline.ts'
import { measureInstances } from './measure-instances.ts'
import { openPlugin } from './open-plugin.ts'
import { SCENARIOS, type Scenario } from './scenario.ts'
import { syncSubject, type Subject } from './subject.ts'
import { buildToolchainPlugins, type ToolchainPlugin } from './toolchains.ts'
import { vaneSubject } from './vane-subjects.ts'

const STATELESS = 'vane-wasm, stateless'
const JCO = 'jco, glue alone'
const EXTISM = 'Extism in process'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    json: { type: 'string', default: resolve(import.meta.dirname, '../../results/wasm.json') },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) {
  console.log(`Compares calls of plugins: vane-wasm, jco's glue, Extism, and a function of JavaScript.

  --rounds N   each subject is measured once a round (15); figures are medians
  --json FILE  where the figures go (results/wasm.json)`)
} else {
  await run(Number(options.rounds))
}

async function run(rounds: number): Promise<void> {
  const machine = describeMachine()
  console.log(`${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}`)
  console.log('CPU time of the process; medians of rounds that take turns, and the best round\n')
  const calls: Record<string, CallFigures[]> = {}
  for (const scenario of SCENARIOS) {
    const figures = await withSubjects(await subjectsFor(scenario), rounds)
    calls[scenario.name] = figures
    console.log(`${scenario.name}: a WAT plugin, 12 header fields, 3 entries of the context`)
    console.log(`${callTable(figures, STATELESS)}\n`)
  }
  const toolchains = []
  for (const toolchain of await buildToolchainPlugins()) {
    const figures = await measureToolchain(toolchain, rounds)
    if (figures !== undefined) toolchains.push({ name: toolchain.name, ...figures })
  }
  const deadline = await measureDeadline(SCENARIOS[0]!.input)
  const { limitMs, minMs, medianMs, maxMs, medianCpuMs } = deadline
  console.log(
    `a loop without an end, limit ${limitMs} ms: ended after ${minMs.toFixed(2)} / ${medianMs.toFixed(2)} / ${maxMs.toFixed(2)} ms (best, median, worst); ${medianCpuMs.toFixed(2)} ms of CPU time\n`,
  )
  console.log(verdicts(calls['continue'] ?? []))
  await mkdir(dirname(options.json), { recursive: true })
  await writeFile(options.json, `${JSON.stringify({ machine, calls, toolchains, deadline }, null, 2)}\n`)
}

async function subjectsFor(scenario: Scenario): Promise<Subject[]> {
  const build = (stateless: boolean): Promise<Uint8Array> =>
    watPlugin({
      metadata: { exports: [{ name: 'x', kind: 'l7-request', needsBody: true, stateless }] },
      handlers: { 'l7-request': scenario.handler },
      ...(scenario.input.body === undefined ? {} : { memory: { pages: 4 } }),
    })
  const plugin = (component: Uint8Array): Parameters<typeof vaneSubject>[1] => ({
    component,
    exportName: 'x',
    memoryMb: 1,
  })
  const stateless = await build(true)
  const { input, answer } = scenario
  return [
    syncSubject('a function of JavaScript', () => (input.method === 'PUT' ? undefined : { ...answer })),
    await vaneSubject(STATELESS, plugin(stateless), input),
    await vaneSubject('vane-wasm, stateful', plugin(await build(false)), input),
    await jcoSubject(JCO, stateless, scenario),
    await extismSubject(EXTISM, scenario, false),
    await extismSubject('Extism in a worker', scenario, true),
  ]
}

async function withSubjects(subjects: readonly Subject[], rounds: number): Promise<CallFigures[]> {
  try {
    return await measureCalls(subjects, rounds)
  } finally {
    for (const subject of subjects) await subject.close()
  }
}

async function measureToolchain(
  { name, plugin, missing }: ToolchainPlugin,
  rounds: number,
): Promise<object | undefined> {
  if (plugin === undefined) {
    console.log(`${name}: skipped, ${missing}\n`)
    return undefined
  }
  const { input } = SCENARIOS[0]!
  const { entry, coldMs, warmMs } = await openPlugin(plugin)
  const instances = await measureInstances(entry, plugin.exportName, input)
  const figures = await withSubjects([await vaneSubject(STATELESS, plugin, input)], rounds)
  console.log(
    `${name}: ${(plugin.component.length / 1000).toFixed(0)} kB; load ${coldMs.toFixed(0)} ms, from the cache ${median(warmMs).toFixed(1)} ms (best ${Math.min(...warmMs).toFixed(1)}); a call ${figures[0]?.cpuMicros.toFixed(1)} µs`,
  )
  const rows = instances.map(({ what, minMicros, medianMicros, p99Micros }) => [
    what,
    ...[minMicros, medianMicros, p99Micros].map(toMicros),
  ])
  console.log(formatColumns(['by the wall', 'best µs', 'median µs', 'p99 µs'], rows))
  const [fresh, , reset] = instances
  console.log(
    `p99 of a reset: 1/${((fresh?.p99Micros ?? 0) / (reset?.p99Micros ?? 1)).toFixed(0)} of a fresh instance's\n`,
  )
  return { coldMs, warmMs, instances, call: figures[0] }
}

function callTable(figures: readonly CallFigures[], reference: string): string {
  const own = figures.find(({ name }) => name === reference)
  const rows = figures.map(({ name, cpuMicros, minCpuMicros, wallMicros }) => [
    name,
    toMicros(cpuMicros),
    toMicros(minCpuMicros),
    toMicros(wallMicros),
    (cpuMicros / (own?.cpuMicros ?? Number.NaN)).toFixed(2),
  ])
  return formatColumns(['', 'CPU µs', 'best CPU µs', 'wall µs', '÷ own'], rows)
}

function toMicros(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0)
}

function verdicts(figures: readonly CallFigures[]): string {
  const cpu = (name: string): number => figures.find((each) => each.name === name)?.cpuMicros ?? Number.NaN
  const own = cpu(STATELESS)
  return `a call with pool, limits, checks and reset: 1/${(cpu(JCO) / own).toFixed(1)} of jco's glue alone, 1/${(cpu(EXTISM) / own).toFixed(1)} of Extism in process`
}
