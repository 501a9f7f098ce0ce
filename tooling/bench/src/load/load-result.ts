/** What a load generator saw. */
export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
  readonly p999Micros: number
  /** Failed connections, broken responses, time-outs and every status but 2xx and 3xx. */
  readonly errors: number
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
  const sorted = Float64Array.from(latenciesMicros).toSorted()
  const percentile = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  return {
    requests: sorted.length,
    requestsPerSecond: sorted.length / tookSeconds,
    p50Micros: percentile(0.5),
    p99Micros: percentile(0.99),
    p999Micros: percentile(0.999),
    errors,
  }
}
