import { PluginPolicyTable } from 'vane-core'
import { createHttpFetchBackend } from 'vane-engine'
import type { FeatureContext, OpenFeature } from '../features.ts'

/** Opens the plugin runtime. The one place that imports `vane-wasm`, so that the daemon runs without it. */
export async function open({ paths, settings, logger }: FeatureContext): Promise<OpenFeature> {
  const { createWasmRuntime } = await import('vane-wasm')
  const httpFetch = createHttpFetchBackend()
  const wasm = createWasmRuntime({
    stateDir: paths.stateDir,
    policies: await PluginPolicyTable.loadFromDir(paths.wasmDir),
    maxStatelessInstances: settings.wasmMaxInstances,
    httpFetch,
    logger,
  })
  return {
    wasm,
    close: async () => {
      await wasm.close()
      await httpFetch.close()
    },
  }
}
