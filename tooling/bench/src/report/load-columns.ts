import type { Column } from './format-table.ts'
import type { Ratios, Row } from './summarise.ts'

const MIB = 1024 * 1024

/** The columns for rows that are compared with these; latency only with the first. */
export function createLoadColumns(references: readonly string[]): Column<Row>[] {
  return [
    ['proxy', (row) => row.name],
    ['requests/s', (row) => row.requestsPerSecond.toFixed(0)],
    ['CPU µs/request', (row) => row.cpuMicrosPerRequest?.toFixed(1) ?? '-'],
    ['p50 µs', (row) => row.p50Micros.toFixed(0)],
    ['p99 µs', (row) => row.p99Micros.toFixed(0)],
    ['p99.9 µs', (row) => row.p999Micros.toFixed(0)],
    ['RSS MiB', (row) => (row.rssBytes === undefined ? '-' : (row.rssBytes / MIB).toFixed(0))],
    ['errors', (row) => String(row.errors)],
    ...references.map((to): Column<Row> => [`CPU ÷ ${to}`, (row) => formatRatio(row, to, 'cpuMicrosPerRequest')]),
    ...references.slice(0, 1).map((to): Column<Row> => [`p99 ÷ ${to}`, (row) => formatRatio(row, to, 'p99Micros')]),
  ]
}

function formatRatio({ ratios }: Row, to: string, figure: Exclude<keyof Ratios, 'to'>): string {
  return ratios.find((candidate) => candidate.to === to)?.[figure]?.toFixed(2) ?? '-'
}
