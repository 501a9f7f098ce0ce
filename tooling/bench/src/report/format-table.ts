import type { Row } from './summarise.ts'

const COLUMNS: readonly [title: string, text: (row: Row) => string][] = [
  ['proxy', (row) => row.name],
  ['requests/s', (row) => row.requestsPerSecond.toFixed(0)],
  ['CPU µs/request', (row) => row.cpuMicrosPerRequest?.toFixed(1) ?? '-'],
  ['p50 µs', (row) => row.p50Micros.toFixed(0)],
  ['p99 µs', (row) => row.p99Micros.toFixed(0)],
  ['errors', (row) => String(row.errors)],
  ['requests/s ÷ nginx', (row) => row.throughputRatio?.toFixed(2) ?? '-'],
  ['CPU ÷ nginx', (row) => row.cpuRatio?.toFixed(2) ?? '-'],
]

/** Writes the rows as a Markdown table whose columns also line up in a terminal. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => COLUMNS.map(([, text]) => text(row)))
  const widths = COLUMNS.map(([title], column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  )
  const toLine = (line: readonly string[]): string =>
    `| ${line.map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [toLine(COLUMNS.map(([title]) => title)), toLine(rule), ...cells.map(toLine)].join('\n')
}
