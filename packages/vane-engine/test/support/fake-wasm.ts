import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  L7RequestDecision,
  L7RequestInput,
  L7ResponseDecision,
  L7ResponseInput,
  MaybePromise,
  PluginCallOptions,
  WasmRuntime,
} from 'vane-core'

/** What a fake plugin does. */
export interface FakePlugin {
  l7Request?(input: L7RequestInput, options?: PluginCallOptions): MaybePromise<L7RequestDecision>
  l7Response?(input: L7ResponseInput, options?: PluginCallOptions): MaybePromise<L7ResponseDecision>
}

/** A runtime whose call sites all run one fake plugin, and that counts them. */
export interface FakeWasm extends Disposable {
  readonly runtime: WasmRuntime
  /** A file that exists, as a plugin's must. */
  readonly path: string
  readonly prepared: { readonly module: string; readonly exportName: string; readonly argsJson: string }[]
  released: number
}

/** Makes a runtime for tests of what the engine does with a plugin's answers. */
export function createFakeWasm(plugin: FakePlugin): FakeWasm {
  const dir = mkdtempSync(join(tmpdir(), 'vane-engine-'))
  const path = join(dir, 'fake.wasm')
  writeFileSync(path, '')
  const missing = (): never => {
    throw new Error('the fake plugin has no such handler')
  }
  const fake: FakeWasm = {
    path,
    prepared: [],
    released: 0,
    runtime: {
      loadComponent: missing,
      prepareCallSite: async (module, exportName, argsJson) => {
        fake.prepared.push({ module, exportName, argsJson })
        return {
          l4Peek: missing,
          l4Bytes: missing,
          l7Request: (input, options) => (plugin.l7Request ?? missing)(input, options),
          l7Response: (input, options) => (plugin.l7Response ?? missing)(input, options),
          release: () => void fake.released++,
        }
      },
      invokeL4Peek: missing,
      invokeL4Bytes: missing,
      invokeL7Request: missing,
      invokeL7Response: missing,
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
  return fake
}
