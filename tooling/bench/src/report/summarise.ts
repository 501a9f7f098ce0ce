import type { LoadResult } from '../load/load-result.ts'

/** One run of one proxy. */
export interface Measurement extends LoadResult {
  /** User and system time of the proxy and its children; undefined where no proxy is in the way. */
  readonly cpuMicrosPerRequest: number | undefined
  /** Resident memory of the proxy and its children at the end of the run. */
  readonly rssBytes: number | undefined
}

/** One line of the table: medians over rounds, and how they stand to those of others. */
export interface Row extends Omit<Measurement, 'requests' | 'latenessP99Micros'> {
  readonly name: string
  readonly version: string
  /** Over all rounds. */
  readonly errors: number
  readonly latenessP99Micros: number | undefined
  readonly ratios: readonly Ratios[]
}

/** How a row stands to another one: each figure as a multiple of the other's. */
export interface Ratios {
  readonly to: string
  readonly requestsPerSecond: number | undefined
  readonly cpuMicrosPerRequest: number | undefined
  readonly p99Micros: number | undefined
}

/** All runs of one proxy. */
export interface Series {
  readonly name: string
  readonly version: string
  readonly runs: readonly Measurement[]
}

/** Proxies that the others are compared with, where they ran. */
const REFERENCES: readonly string[] = ['nginx', '@fastify/http-proxy']
/** Stands in for nginx where that cannot take part. */
const STAND_IN = 'haproxy'

/** Reduces the runs to one row per proxy. A proxy without a run is left out. */
export function summarise(series: readonly Series[]): Row[] {
  const rows = series.filter(({ runs }) => runs.length > 0).map(toRow)
  const names = rows.some(({ name }) => name === REFERENCES[0]) ? REFERENCES : [STAND_IN, ...REFERENCES]
  const references = names.flatMap((name) => rows.find((row) => row.name === name) ?? [])
  return rows.map((row) => ({ ...row, ratios: references.map((reference) => toRatios(row, reference)) }))
}

/** The middle value; of an even number the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (lower + upper) / 2
}

function toRow({ name, version, runs }: Series): Row {
  return {
    name,
    version,
    requestsPerSecond: median(runs.map((run) => run.requestsPerSecond)),
    cpuMicrosPerRequest: medianOfKnown(runs.map((run) => run.cpuMicrosPerRequest)),
    p50Micros: median(runs.map((run) => run.p50Micros)),
    p99Micros: median(runs.map((run) => run.p99Micros)),
    p999Micros: median(runs.map((run) => run.p999Micros)),
    rssBytes: medianOfKnown(runs.map((run) => run.rssBytes)),
    latenessP99Micros: medianOfKnown(runs.map((run) => run.latenessP99Micros)),
    errors: runs.reduce((sum, run) => sum + run.errors, 0),
    ratios: [],
  }
}

function medianOfKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : median(known)
}

function toRatios(row: Row, reference: Row): Ratios {
  return {
    to: reference.name,
    requestsPerSecond: divide(row.requestsPerSecond, reference.requestsPerSecond),
    cpuMicrosPerRequest: divide(row.cpuMicrosPerRequest, reference.cpuMicrosPerRequest),
    p99Micros: divide(row.p99Micros, reference.p99Micros),
  }
}

function divide(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined || by === 0 ? undefined : value / by
}
