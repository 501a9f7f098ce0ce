export { loadSettings, type LoadedSettings } from './config/env.ts'
export { loadConfig, type LoadConfigOptions, type LoadedConfig } from './config/load-config.ts'
export { LOG_LEVELS, type LogLevel, type SecurityLimits, type Settings } from './config/settings.ts'
export { createEngine, type Engine } from './engine.ts'
export {
  type BindOptions,
  DEFAULT_BIND_OPTIONS,
  DEFAULT_ENGINE_LIMITS,
  type EngineLimits,
  type EngineOptions,
} from './engine-options.ts'
export { type CgiRuntime, type CgiRuntimeOptions, createCgiRuntime } from './fetch/cgi/cgi-runtime.ts'
export type { CgiStats } from './fetch/cgi/cgi-slots.ts'
export type { LinkedGraph } from './link/linked-graph.ts'
export type { ListenerStatus } from './listen/listener.ts'
export type { StatusClass } from './observe/engine-counters.ts'
export { type FlowFile, type FlowFileStats, openFlowFile } from './observe/flow-file.ts'
export { FlowLog, type FlowListener, type FlowLogOptions } from './observe/flow-log.ts'
export type { EngineStats } from './observe/engine-stats.ts'
export { type ClosableHttpFetchBackend, createHttpFetchBackend } from './plugin-fetch/http-fetch-backend.ts'
export type { UpstreamStats } from './upstream/upstream-pool.ts'
