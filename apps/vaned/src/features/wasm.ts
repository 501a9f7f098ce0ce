import { createHttpFetchBackend } from 'vane-engine'
import type { FeatureContext, OpenFeature } from '../features.ts'
import { readPluginSettings, type PluginSettings } from '../plugin-settings.ts'

/** Opens the plugin runtime. The one place that imports `vane-wasm`, so that the daemon runs without it. */
export async function open({ paths, settings, logger }: FeatureContext): Promise<OpenFeature> {
  const { createWasmRuntime } = await import('vane-wasm')
  const httpFetch = createHttpFetchBackend()
  let inForce = await readPluginSettings(paths.wasmDir)
  const wasm = createWasmRuntime({
    stateDir: paths.stateDir,
    ...inForce,
    maxStatelessInstances: settings.wasmMaxInstances,
    httpFetch,
    logger,
  })
  return {
    wasm,
    revision: () => `${wasm.loads} ${toText(inForce)}`,
    async refresh() {
      const previous = inForce
      inForce = await readPluginSettings(paths.wasmDir)
      wasm.configure(inForce)
      return () => {
        inForce = previous
        wasm.configure(previous)
      }
    },
    close: async () => {
      await wasm.close()
      await httpFetch.close()
    },
  }
}

function toText({ policies, limits }: PluginSettings): string {
  return JSON.stringify([limits, policies.stems().map((stem) => [stem, policies.getOrDefault(stem)])])
}
