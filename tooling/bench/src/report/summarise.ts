import type { LoadResult } from '../load/load-result.ts'

/** One run of one proxy. */
export interface Measurement extends LoadResult {
  /** User and system time of the proxy and its children; undefined where no proxy is in the way. */
  readonly cpuMicrosPerRequest: number | undefined
}

/** One line of the table: medians over rounds, and how they stand to nginx's. */
export interface Row {
  readonly name: string
  readonly version: string
  readonly requestsPerSecond: number
  readonly cpuMicrosPerRequest: number | undefined
  readonly p50Micros: number
  readonly p99Micros: number
  /** Over all rounds. */
  readonly errors: number
  /** Requests per second, as a multiple of nginx's; undefined if nginx did not run. */
  readonly throughputRatio: number | undefined
  /** CPU time per request, as a multiple of nginx's. */
  readonly cpuRatio: number | undefined
}

/** All runs of one proxy. */
export interface Series {
  readonly name: string
  readonly version: string
  readonly runs: readonly Measurement[]
}

/** Reduces the runs to one row per proxy. A proxy without a run is left out. */
export function summarise(series: readonly Series[]): Row[] {
  const rows = series.filter(({ runs }) => runs.length > 0).map(toRow)
  const reference = rows.find((row) => row.name === 'nginx')
  return rows.map((row) => ({
    ...row,
    throughputRatio: divide(row.requestsPerSecond, reference?.requestsPerSecond),
    cpuRatio: divide(row.cpuMicrosPerRequest, reference?.cpuMicrosPerRequest),
  }))
}

/** The middle value; of an even number the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (lower + upper) / 2
}

function toRow({ name, version, runs }: Series): Row {
  const cpu = runs.map((run) => run.cpuMicrosPerRequest).filter((value) => value !== undefined)
  return {
    name,
    version,
    requestsPerSecond: median(runs.map((run) => run.requestsPerSecond)),
    cpuMicrosPerRequest: cpu.length === 0 ? undefined : median(cpu),
    p50Micros: median(runs.map((run) => run.p50Micros)),
    p99Micros: median(runs.map((run) => run.p99Micros)),
    errors: runs.reduce((sum, run) => sum + run.errors, 0),
    throughputRatio: undefined,
    cpuRatio: undefined,
  }
}

function divide(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined || by === 0 ? undefined : value / by
}
