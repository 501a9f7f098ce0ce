import type { Column } from './format-table.ts'
import type { Ratios, Row } from './summarise.ts'

const MIB = 1024 * 1024

/**
 * The columns for these rows: those that say nothing of any of them are left out.
 *
 * @param unit what is counted
 */
export function createLoadColumns(rows: readonly Row[], unit: string = 'request'): Column<Row>[] {
  const references = rows[0]?.ratios.map(({ to }) => to) ?? []
  const [first] = references
  return [
    ['proxy', (row) => row.name],
    [`${unit}s/s`, (row) => row.requestsPerSecond.toFixed(0)],
    [`CPU µs/${unit}`, (row) => row.cpuMicrosPerRequest?.toFixed(1) ?? '-'],
    ['p50 µs', (row) => row.p50Micros.toFixed(0)],
    ['p99 µs', (row) => row.p99Micros.toFixed(0)],
    ['p99.9 µs', (row) => row.p999Micros.toFixed(0)],
    ...(rows.some((row) => row.latenessP99Micros !== undefined) ? [LATENESS] : []),
    ['RSS MiB', (row) => (row.rssBytes === undefined ? '-' : (row.rssBytes / MIB).toFixed(0))],
    ['errors', (row) => String(row.errors)],
    ...references.map((to): Column<Row> => [`CPU ÷ ${to}`, (row) => formatRatio(row, to, 'cpuMicrosPerRequest')]),
    ...(first === undefined
      ? []
      : [[`p99 ÷ ${first}`, (row: Row) => formatRatio(row, first, 'p99Micros')] satisfies Column<Row>]),
  ]
}

const LATENESS: Column<Row> = ['late p99 µs', (row) => row.latenessP99Micros?.toFixed(0) ?? '-']

function formatRatio({ ratios }: Row, to: string, figure: Exclude<keyof Ratios, 'to'>): string {
  return ratios.find((candidate) => candidate.to === to)?.[figure]?.toFixed(2) ?? '-'
}
