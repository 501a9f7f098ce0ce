import type { ModuleId, WasmPoolSummary } from 'vane-core'

import type { PluginInstance } from '../instance/plugin-instance.ts'

/** Instances for the calls of one export. An instance that was acquired goes back by exactly one of `giveBack` and `discard`. */
export interface InstancePool {
  /** @throws PluginExhaustedError if there is no instance and none can be made. */
  acquire(): PluginInstance
  /** After a call that ended as the contract has it. */
  giveBack(instance: PluginInstance): void
  /** After a trap: the instance is never used again. */
  discard(instance: PluginInstance): void
  /** Makes the instances that are to be ready before the first call. Rejects if the pool is of no use without them. */
  warm(): Promise<void>
  summary(): WasmPoolSummary
  /** Drops idle instances; those in use are dropped when they come back. */
  close(): void
}

/** What every pool is told. */
export interface PoolOptions {
  readonly module: ModuleId
  readonly exportName: string
  /** Makes an instance, synchronously; throws if it cannot. */
  readonly create: () => PluginInstance
}

/** Runs work off the request's path: after what the event loop has at hand. Answers a function that calls it off. */
export function runLater(work: () => void): () => void {
  const immediate = setImmediate(work)
  return () => clearImmediate(immediate)
}
