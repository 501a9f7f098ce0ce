import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PluginPolicyTable, SILENT_LOGGER } from '../../../../packages/vane-core/src/index.ts'
import { ComponentCache } from '../../../../packages/vane-wasm/src/component/cache.ts'
import { ComponentLoader, type ComponentEntry } from '../../../../packages/vane-wasm/src/component/component-loader.ts'
import { Preparer } from '../../../../packages/vane-wasm/src/component/preparer.ts'
import { DEFAULT_MAX_COMPONENT_BYTES } from '../../../../packages/vane-wasm/src/component/read-component.ts'
import { createPluginHost } from '../../../../packages/vane-wasm/src/host/plugin-host.ts'
import { toCoreLimits, toPluginLimits } from '../../../../packages/vane-wasm/src/plugin-limits.ts'
import type { BenchPlugin } from './vane-subjects.ts'

/** A component that is loaded, without the runtime around it. */
export interface OpenPlugin {
  readonly entry: ComponentEntry
  /** How long it took to load it from its file with nothing in the cache, and with everything there; in milliseconds. */
  readonly coldMs: number
  readonly warmMs: readonly number[]
}

const WARM_LOADS = 7

/** Loads a component, once anew and then from the cache. */
export async function openPlugin({ component, memoryMb }: BenchPlugin): Promise<OpenPlugin> {
  const folder = await mkdtemp(join(tmpdir(), 'vane-bench-'))
  const path = join(folder, 'plugin.wasm')
  await writeFile(path, component)
  const limits = toPluginLimits('plugin', { memoryMb })
  const load = async (): Promise<{ entry: ComponentEntry; tookMs: number }> => {
    const preparer = new Preparer({ timeoutMs: 60_000, maxThreads: 1 })
    // A loader of its own, that remembers nothing.
    const loader = new ComponentLoader({
      preparer,
      cache: new ComponentCache(folder),
      maxComponentBytes: DEFAULT_MAX_COMPONENT_BYTES,
      hostFor: ({ stem }) =>
        createPluginHost({
          stem,
          logger: SILENT_LOGGER,
          metrics: undefined,
          httpFetch: undefined,
          policy: PluginPolicyTable.empty().getOrDefault(stem),
          limits,
        }),
      limitsFor: () => toCoreLimits(limits),
    })
    const startMs = performance.now()
    const entry = await loader.load(path)
    const tookMs = performance.now() - startMs
    await preparer.close()
    return { entry, tookMs }
  }
  try {
    const cold = await load()
    const warmMs: number[] = []
    for (let n = 0; n < WARM_LOADS; n++) warmMs.push((await load()).tookMs)
    return { entry: cold.entry, coldMs: cold.tookMs, warmMs }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
