/** A table of a page: cells as written, rows by column. */
export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The tables under a heading, up to the next heading of any level. */
export function tablesUnder(markdown: string, heading: string): Table[] {
  const lines = withoutFences(markdown).split('\n')
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  if (start === -1) throw new Error(`there is no heading "${heading}"`)
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line))
  const section = lines.slice(start + 1, length === -1 ? undefined : start + 1 + length)
  const tables: { columns: string[]; rows: string[][] }[] = []
  let isInside = false
  for (const line of section) {
    if (!line.startsWith('|')) {
      isInside = false
    } else if (!isInside) {
      isInside = true
      tables.push({ columns: toCells(line), rows: [] })
    } else if (!/^[|\s:-]+$/.test(line)) {
      tables.at(-1)!.rows.push(toCells(line))
    }
  }
  return tables
}

/** The only table under a heading. */
export function tableUnder(markdown: string, heading: string): Table {
  const [table, second] = tablesUnder(markdown, heading)
  if (table === undefined || second !== undefined) throw new Error(`"${heading}" needs exactly one table`)
  return table
}

/** What stands in backticks in a cell or a paragraph. */
export function codesOf(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
}

/** Blanks out fenced blocks, so that what stands in them is no heading, table or link. */
export function withoutFences(markdown: string): string {
  return markdown.replace(/^\s*```[\s\S]*?^\s*```\s*$/gm, (block) => block.replace(/[^\n]/g, ''))
}

function toCells(line: string): string[] {
  return line
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))
}
