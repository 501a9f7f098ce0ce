/** What a load generator saw. */
export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
  readonly p999Micros: number
  /** Failed connections, broken responses, time-outs and every status but 2xx and 3xx. */
  readonly errors: number
  /** How much later than due requests were sent for the generator's own reasons; only for load at a rate. */
  readonly latenessP99Micros?: number
}

/**
 * Finds the result in a load generator's output: one line of JSON, perhaps among others.
 *
 * @throws if there is none
 */
export function parseLoadResult(output: string): LoadResult {
  const line = output.split('\n').find((candidate) => candidate.startsWith('{"requests":'))
  if (line === undefined) throw new Error(`the load generator gave no result:\n${output}`)
  return JSON.parse(line) as LoadResult
}

/** Sums latencies up, in microseconds. */
export function toLoadResult(latenciesMicros: readonly number[], tookSeconds: number, errors: number): LoadResult {
  return {
    requests: latenciesMicros.length,
    requestsPerSecond: latenciesMicros.length / tookSeconds,
    p50Micros: percentile(latenciesMicros, 0.5),
    p99Micros: percentile(latenciesMicros, 0.99),
    p999Micros: percentile(latenciesMicros, 0.999),
    errors,
  }
}

/** The value that a share of all does not exceed, rounded; 0 for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted()
  return Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0)
}
