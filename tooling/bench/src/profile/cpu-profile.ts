/** One function on one stack, as V8's CPU profiles have it. */
export interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    /** `file:`, `node:` and `wasm:` URLs; empty for what is native or none of any script. */
    readonly url: string
    /** From 0. */
    readonly lineNumber: number
    readonly columnNumber: number
  }
  readonly children?: readonly number[]
}

/** A `.cpuprofile`: which node was on top of the stack, sample by sample. Times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly startTime: number
  readonly endTime: number
  /** Node ids. */
  readonly samples: readonly number[]
  /** From the sample before (the first: from the start); may be negative where clocks of threads disagree. */
  readonly timeDeltas: readonly number[]
}

/** Part of a profile, on the clock of `process.hrtime`, in microseconds. */
export interface ProfileWindow {
  readonly fromMicros: number
  readonly toMicros: number
}

/**
 * Reads a `.cpuprofile`.
 *
 * @throws if it is none
 */
export function parseCpuProfile(text: string): CpuProfile {
  const value = JSON.parse(text) as Partial<CpuProfile> | null
  if (!Array.isArray(value?.nodes) || !Array.isArray(value.samples) || !Array.isArray(value.timeDeltas))
    throw new Error('not a CPU profile: it has no nodes, samples and timeDeltas')
  if (value.samples.length !== value.timeDeltas.length)
    throw new Error(`${value.samples.length} samples, but ${value.timeDeltas.length} time deltas`)
  return value as CpuProfile
}
