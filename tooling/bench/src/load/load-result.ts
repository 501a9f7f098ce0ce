/** What a load generator saw. */
export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
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
