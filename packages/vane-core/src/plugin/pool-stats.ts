import type { ModuleId } from './metadata.ts'

/** State of one pool of plugin instances at one moment. `capacity - available` instances are in use. */
export interface WasmPoolSummary {
  readonly kind: 'stateful' | 'stateless'
  readonly key: ModuleId
  readonly export: string
  /** Instances the pool holds; 0 for a pool that keeps nothing warm. */
  readonly capacity: number
  readonly available: number
  /** Instances made since the pool began. */
  readonly totalAllocations: number
  /** Exhaustions (stateful), failed instantiations (stateless). */
  readonly failures: number
}

/** Reads pool figures; builds nothing, and may show entries whose pool has just gone. */
export interface WasmPoolStats {
  snapshot(): WasmPoolSummary[]
}
