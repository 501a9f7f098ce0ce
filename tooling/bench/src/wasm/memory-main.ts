import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { toModuleId } from '../../../../packages/vane-core/src/index.ts'
import { createWasmRuntime } from '../../../../packages/vane-wasm/src/index.ts'
import { watPlugin } from '../../../fixtures/src/index.ts'
import { drawSeries, type Series } from './draw-series.ts'
import { SCENARIOS } from './scenario.ts'

const SAMPLES = 100
/** How much the last third may lie above the third before it: what the collector leaves standing varies. */
const MAX_GROWTH = 1.1

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    swaps: { type: 'string', default: '10000' },
    svg: { type: 'string', default: resolve(import.meta.dirname, '../../../../docs/plugin-memory.svg') },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) {
  console.log(`Shows that plugins leave no memory behind: calls, then swaps of a plugin's file, each with one call.

  --calls N    number of calls (1000000)
  --swaps N    number of swaps (10000)
  --svg FILE   where the plot goes (docs/plugin-memory.svg)`)
} else {
  process.exitCode = await run(Number(options.calls), Number(options.swaps))
}

async function run(calls: number, swaps: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'vane-bench-'))
  const path = join(folder, 'plugin.wasm')
  const module = toModuleId(path)
  const { input } = SCENARIOS[0]!
  const runtime = createWasmRuntime({ stateDir: folder })
  try {
    const versions = await Promise.all(['one', 'two'].map(versionOf))
    await writeFile(path, versions[0]!)
    await runtime.loadComponent(path)
    let site = await runtime.prepareCallSite(module, 'x', '{}')
    const called = await sample(`${calls.toLocaleString('en')} calls`, calls, async (count) => {
      for (let n = 0; n < count; n++) await site.l7Request(input)
    })
    let version = 0
    const swapped = await sample(`${swaps.toLocaleString('en')} swaps`, swaps, async (count) => {
      for (let n = 0; n < count; n++) {
        await writeFile(`${path}.next`, versions[++version % 2]!)
        await rename(`${path}.next`, path)
        await runtime.loadComponent(path)
        const next = await runtime.prepareCallSite(module, 'x', '{}')
        site.release()
        site = next
        await site.l7Request(input)
      }
    })
    if (runtime.loads <= swaps) throw new Error(`of ${swaps} swaps only ${runtime.loads} were noticed`)
    const series = [called, swapped]
    await mkdir(dirname(options.svg), { recursive: true })
    await writeFile(options.svg, drawSeries('Resident memory of the process, MiB', series))
    const grown = series.filter((one) => !isFlat(one))
    for (const { name } of grown) console.log(`memory grows over ${name}`)
    return grown.length === 0 ? 0 : 1
  } finally {
    await runtime.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function versionOf(body: string): Promise<Uint8Array> {
  return await watPlugin({
    metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
    handlers: { 'l7-request': { answer: 'short', body } },
  })
}

/** Does something so many times, and looks at the memory a hundred times on the way. */
async function sample(name: string, times: number, work: (count: number) => Promise<void>): Promise<Series> {
  const values: number[] = []
  const each = Math.max(1, Math.round(times / SAMPLES))
  for (let done = 0; done < times; done += each) {
    await work(Math.min(each, times - done))
    // What waits for a turn of the event loop is no leak.
    await nextTurn()
    values.push(process.memoryUsage.rss() / 1024 / 1024)
  }
  const thirds = [third(values, 0), third(values, 1), third(values, 2)].map((mib) => mib.toFixed(0))
  console.log(`${name}: ${thirds.join(', ')} MiB, medians of the first, second and last third`)
  return { name, values }
}

function isFlat({ values }: Series): boolean {
  return third(values, 2) <= third(values, 1) * MAX_GROWTH
}

function third(values: readonly number[], number: number): number {
  const length = Math.floor(values.length / 3)
  const sorted = values.slice(number * length, (number + 1) * length).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
