import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toModuleId, type L7RequestInput } from '../../../../packages/vane-core/src/index.ts'
import { createWasmRuntime } from '../../../../packages/vane-wasm/src/index.ts'
import { asyncSubject, syncSubject, type Subject } from './subject.ts'

/** A component and the export that is called. */
export interface BenchPlugin {
  readonly component: Uint8Array
  readonly exportName: string
  readonly memoryMb: number
}

/** A plugin in `vane-wasm`, called as the engine calls it: pool, limits and checks of the answer included. */
export async function vaneSubject(name: string, plugin: BenchPlugin, input: L7RequestInput): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'vane-bench-'))
  const path = join(folder, 'plugin.wasm')
  await writeFile(path, plugin.component)
  // An interpreter's first calls take longer than a call may, and are not what is measured.
  const runtime = createWasmRuntime({ limits: { plugin: { memoryMb: plugin.memoryMb, cpuMsPerCall: 1000 } } })
  await runtime.loadComponent(path)
  const site = await runtime.prepareCallSite(toModuleId(path), plugin.exportName, '{}')
  const close = async (): Promise<void> => {
    site.release()
    await runtime.close()
    await rm(folder, { recursive: true, force: true })
  }
  const first = site.l7Request(input)
  if (!(first instanceof Promise)) return syncSubject(name, () => site.l7Request(input), close)
  // A plugin that may wait for the host.
  await first
  return asyncSubject(name, async () => await site.l7Request(input), close)
}
