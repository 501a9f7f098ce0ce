import { stripVTControlCharacters, styleText } from 'node:util'

/** What a value means to its reader; coloured on a terminal. */
export type Tone = 'good' | 'warn' | 'bad'

/** One value. Numbers are aligned to the right. */
export type Cell = string | number | { readonly text: string; readonly tone: Tone }

/** A piece of an answer. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'fields'; readonly fields: readonly (readonly [label: string, value: Cell])[] }
  | {
      readonly kind: 'table'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly Cell[])[]
      /** Said instead of a table without rows. */
      readonly empty: string
    }

/** How blocks are written. */
export interface RenderOptions {
  /** Aligned columns for eyes; otherwise one tab between values, for `cut` and `awk`. */
  readonly align: boolean
  readonly color: boolean
}

const TONE_STYLES = { good: 'green', warn: 'yellow', bad: 'red' } as const

/** Writes blocks as text, each line ended, a blank line between blocks. */
export function renderBlocks(blocks: readonly Block[], options: RenderOptions): string {
  return blocks.map((block) => renderBlock(block, options)).join('\n')
}

/** Writes values as one line of its own, for what comes bit by bit: nothing can be aligned with what is not there yet. */
export function renderLine(cells: readonly Cell[], { align, color }: RenderOptions): string {
  return `${cells.map((cell) => toShown(cell, cellText(cell), color)).join(align ? '  ' : '\t')}\n`
}

function renderBlock(block: Block, options: RenderOptions): string {
  switch (block.kind) {
    case 'text':
      return `${printable(block.text)}\n`
    case 'fields':
      return renderRows(
        block.fields.map(([label, value]) => [label, value]),
        options,
      )
    case 'table': {
      if (block.rows.length === 0) return `${block.empty}\n`
      const header = renderRows([block.columns, ...block.rows], options)
      if (!options.color) return header
      const end = header.indexOf('\n')
      return paint('bold', header.slice(0, end)) + header.slice(end)
    }
  }
}

function renderRows(rows: readonly (readonly Cell[])[], { align, color }: RenderOptions): string {
  if (!align) return rows.map((row) => `${row.map(cellText).join('\t')}\n`).join('')
  const columns = measureColumns(rows)
  const renderCell = (cell: Cell, at: number): string => {
    const text = cellText(cell)
    const { width, isNumeric } = columns[at]!
    const padding = ' '.repeat(width - text.length)
    const shown = toShown(cell, text, color)
    return isNumeric ? padding + shown : shown + padding
  }
  return rows.map((row) => `${row.map(renderCell).join('  ').trimEnd()}\n`).join('')
}

interface Column {
  readonly width: number
  /** All below the title are numbers: they, and the title, end on the right. */
  readonly isNumeric: boolean
}

function measureColumns(rows: readonly (readonly Cell[])[]): Column[] {
  const [first = [], ...rest] = rows
  return first.map((_, at) => ({
    width: Math.max(...rows.map((row) => cellText(row[at] ?? '').length)),
    isNumeric: at > 0 && rest.length > 0 && rest.every((row) => /^\d+$/.test(cellText(row[at] ?? ''))),
  }))
}

function toShown(cell: Cell, text: string, color: boolean): string {
  return color && typeof cell === 'object' ? paint(TONE_STYLES[cell.tone], text) : text
}

function cellText(cell: Cell): string {
  return printable(typeof cell === 'object' ? cell.text : String(cell)).replaceAll('\n', ' ')
}

function paint(style: 'bold' | 'green' | 'yellow' | 'red', text: string): string {
  // Whether to colour at all was decided by the caller, who knows the stream.
  return styleText(style, text, { validateStream: false })
}

/** Values come from rules, plugins and peers: nothing but a line break passes, so that none can move the cursor. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/(?!\n)\p{Cc}/gu, '\u{fffd}')
}
