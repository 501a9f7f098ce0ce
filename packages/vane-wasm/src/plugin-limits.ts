import type { PluginKind } from 'vane-core'

import type { CoreLimits } from './instrument/core-limits.ts'

/** What one plugin may use. Keys of `limits` in {@link WasmRuntimeOptions} are stems: the name of the file without `.wasm`. */
export interface PluginLimits {
  /** CPU time of one call in milliseconds. Time spent waiting in `http-fetch` does not count. */
  readonly cpuMsPerCall: number
  /** Linear memory of one instance in MiB. A plugin that begins with more is not loaded; growing beyond it fails. */
  readonly memoryMb: number
  /** Instances of a stateful export, for each call site. */
  readonly pool: number
  /** Calls of the plugin that may wait in `http-fetch` at a time; one more fails with `pool-exhausted`. */
  readonly maxInFlightFetches: number
  /** Series of the plugin's metrics; more are dropped. */
  readonly maxMetricSeries: number
  /** Bytes of a body that it is shown; by default 1 MiB, or 64 KiB for `l4-bytes`. */
  readonly maxBodyBytes: number | undefined
}

/** Limits of a plugin that is given none. */
export const DEFAULT_PLUGIN_LIMITS: PluginLimits = {
  cpuMsPerCall: 10,
  memoryMb: 1,
  pool: 4,
  maxInFlightFetches: 1,
  maxMetricSeries: 1000,
  maxBodyBytes: undefined,
}

const LARGEST: Readonly<Record<keyof PluginLimits, number>> = {
  cpuMsPerCall: 60_000,
  memoryMb: 4096,
  pool: 256,
  maxInFlightFetches: 10_000,
  maxMetricSeries: 100_000,
  maxBodyBytes: 64 * 1024 * 1024,
}

/**
 * Fills a plugin's limits with the defaults.
 *
 * @throws RangeError that names the plugin and the limit, if one is not a whole number from 1 to its upper bound.
 */
export function toPluginLimits(stem: string, given: Partial<PluginLimits> = {}): PluginLimits {
  const limits = { ...DEFAULT_PLUGIN_LIMITS }
  for (const key of Object.keys(LARGEST) as (keyof PluginLimits)[]) {
    const value = given[key]
    if (value === undefined) continue
    if (!Number.isSafeInteger(value) || value < 1 || value > LARGEST[key]) {
      throw new RangeError(
        `limits of plugin ${JSON.stringify(stem)}: ${key} must be a whole number from 1 to ${LARGEST[key]}`,
      )
    }
    limits[key] = value
  }
  return limits
}

/** Bytes of a body that an export of a kind is shown. */
export function toMaxBodyBytes({ maxBodyBytes }: PluginLimits, kind: PluginKind): number {
  return maxBodyBytes ?? (kind === 'l4-bytes' ? 65_536 : 1_048_576)
}

/** Elements of all tables of an instance: for its functions, with room to spare. */
const MAX_TABLE_ELEMENTS = 131_072

/** What the core modules of one instance of a plugin may hold. */
export function toCoreLimits({ memoryMb }: PluginLimits): CoreLimits {
  return { maxMemoryBytes: memoryMb * 1024 * 1024, maxTableElements: MAX_TABLE_ELEMENTS }
}
