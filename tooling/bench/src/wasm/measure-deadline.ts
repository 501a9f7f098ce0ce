import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toModuleId, type L7RequestInput } from '../../../../packages/vane-core/src/index.ts'
import { createWasmRuntime } from '../../../../packages/vane-wasm/src/index.ts'
import { watPlugin } from '../../../fixtures/src/index.ts'
import { median } from '../report/summarise.ts'

/** When calls without an end were ended, in milliseconds. */
export interface DeadlineFigures {
  readonly limitMs: number
  readonly minMs: number
  readonly medianMs: number
  readonly maxMs: number
  /** The median by the thread's CPU time, which is what is limited. */
  readonly medianCpuMs: number
}

const LIMIT_MS = 10
const CALLS = 30

/** Calls a plugin that loops for ever, over and over. */
export async function measureDeadline(input: L7RequestInput): Promise<DeadlineFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'vane-bench-'))
  const path = join(folder, 'plugin.wasm')
  await writeFile(
    path,
    await watPlugin({
      metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
      handlers: { 'l7-request': { answer: 'loop' } },
    }),
  )
  const runtime = createWasmRuntime({ limits: { plugin: { cpuMsPerCall: LIMIT_MS } } })
  try {
    await runtime.loadComponent(path)
    const site = await runtime.prepareCallSite(toModuleId(path), 'x', '{}')
    const wall: number[] = []
    const cpu: number[] = []
    for (let n = 0; n < CALLS; n++) {
      const startMs = performance.now()
      const startCpuMs = threadCpuMs()
      try {
        await site.l7Request(input)
        throw new Error('a loop without an end has ended')
      } catch (error) {
        if (!String(error).includes('cpu limit')) throw error
      }
      wall.push(performance.now() - startMs)
      cpu.push(threadCpuMs() - startCpuMs)
    }
    return {
      limitMs: LIMIT_MS,
      minMs: Math.min(...wall),
      medianMs: median(wall),
      maxMs: Math.max(...wall),
      medianCpuMs: median(cpu),
    }
  } finally {
    await runtime.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The thread's, which the kernel brings up to date when the process asks for its own. */
function threadCpuMs(): number {
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
