import type { Column } from './format-table.ts'
import { median } from './summarise.ts'

/** What connections cost that carry nothing. */
export interface IdleMeasurement {
  /** Resident memory of the proxy and its children, warmed up. */
  readonly beforeBytes: number
  /** The same while the connections stand. */
  readonly withBytes: number
  /** Connections that the proxy answered and kept. */
  readonly kept: number
  /** Connections that it refused, did not answer, or closed. */
  readonly lost: number
}

/** All runs of one proxy. */
export interface IdleSeries {
  readonly name: string
  readonly version: string
  readonly runs: readonly IdleMeasurement[]
}

/** One line of the table: medians over rounds. */
export interface IdleRow extends IdleMeasurement {
  readonly name: string
  readonly version: string
  readonly bytesPerConnection: number
  /** Over all rounds. */
  readonly lost: number
}

const MIB = 1024 * 1024

/** The columns of the table. */
export const IDLE_COLUMNS: readonly Column<IdleRow>[] = [
  ['proxy', (row) => row.name],
  ['connections', (row) => row.kept.toFixed(0)],
  ['RSS before MiB', (row) => (row.beforeBytes / MIB).toFixed(1)],
  ['RSS with MiB', (row) => (row.withBytes / MIB).toFixed(1)],
  ['KiB/connection', (row) => (row.bytesPerConnection / 1024).toFixed(1)],
  ['errors', (row) => String(row.lost)],
]

/** Reduces the runs to one row per proxy. */
export function summariseIdle(series: readonly IdleSeries[]): IdleRow[] {
  return series
    .filter(({ runs }) => runs.length > 0)
    .map(({ name, version, runs }) => ({
      name,
      version,
      beforeBytes: median(runs.map((run) => run.beforeBytes)),
      withBytes: median(runs.map((run) => run.withBytes)),
      kept: median(runs.map((run) => run.kept)),
      bytesPerConnection: median(runs.map((run) => (run.withBytes - run.beforeBytes) / Math.max(1, run.kept))),
      lost: runs.reduce((sum, run) => sum + run.lost, 0),
    }))
}

/**
 * Finds the two lines of JSON in the output of what held the connections.
 *
 * @throws if they are not there
 */
export function parseIdleResult(output: string): Pick<IdleMeasurement, 'kept' | 'lost'> {
  const values = output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as object] : []))
  const { opened, failed, kept } = Object.assign({}, ...values) as Record<string, number | undefined>
  if (opened === undefined || failed === undefined || kept === undefined)
    throw new Error(`what held the connections gave no result:\n${output}`)
  return { kept, lost: failed + opened - kept }
}
