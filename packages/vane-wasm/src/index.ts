import './check-engine.ts'

export { DEFAULT_PLUGIN_LIMITS, type PluginLimits } from './plugin-limits.ts'
export { createWasmRuntime, type VaneWasmRuntime, type WasmRuntimeOptions } from './runtime.ts'
