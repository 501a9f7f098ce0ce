/** What one plugin may use. Keys of `limits` in {@link WasmRuntimeOptions} are stems: the name of the file without `.wasm`. */
export interface PluginLimits {
  /** Not enforced by this version: a plugin that computes without end blocks its thread. */
  readonly cpuMsPerCall: number
  /** Not enforced by this version, beyond what the component itself declares. */
  readonly memoryMb: number
  /** Instances of a stateful export, for each call site. */
  readonly pool: number
  /** Calls of the plugin that may wait in `http-fetch` at a time; one more fails with `pool-exhausted`. */
  readonly maxInFlightFetches: number
  /** Series of the plugin's metrics; more are dropped. */
  readonly maxMetricSeries: number
}

/** Limits of a plugin that is given none. */
export const DEFAULT_PLUGIN_LIMITS: PluginLimits = {
  cpuMsPerCall: 10,
  memoryMb: 1,
  pool: 4,
  maxInFlightFetches: 1,
  maxMetricSeries: 1000,
}

const LARGEST: PluginLimits = {
  cpuMsPerCall: 60_000,
  memoryMb: 4096,
  pool: 256,
  maxInFlightFetches: 10_000,
  maxMetricSeries: 100_000,
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

/** Limits that this version takes but does not yet enforce, as far as they are given. */
export function unenforcedLimits(given: Partial<PluginLimits> = {}): string[] {
  return (['cpuMsPerCall', 'memoryMb'] as const).filter((key) => given[key] !== undefined)
}
