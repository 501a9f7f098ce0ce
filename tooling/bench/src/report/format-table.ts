/** A column of a table of such rows. */
export type Column<T> = readonly [title: string, text: (row: T) => string]

/** Writes rows as a Markdown table whose columns also line up in a terminal: the first to the left, the others to the right. */
export function formatTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cells = rows.map((row) => columns.map(([, text]) => text(row)))
  const widths = columns.map(([title], column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  )
  const toLine = (line: readonly string[]): string =>
    `| ${line.map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [toLine(columns.map(([title]) => title)), toLine(rule), ...cells.map(toLine)].join('\n')
}
