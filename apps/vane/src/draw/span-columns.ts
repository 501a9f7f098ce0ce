import type { LayoutGrid } from './layout-grid.ts'
import type { ColumnSpan } from './route-edges.ts'

const MIN_GAP_PX = 22
const MAX_GAP_PX = 64
const GAP_PER_CLIMB = 0.12

/** A point that a line passes. */
export interface LinePoint {
  readonly column: number
  readonly y: number
}

/**
 * The columns' places: as wide as what stands in them, and the further apart the steeper the lines between them. `bandPx` more
 * where a band begins, `firstPx` before the first.
 */
export function spanColumns(
  grid: LayoutGrid,
  lines: readonly (readonly LinePoint[])[],
  room: { readonly bandPx: number; readonly firstPx: number },
): ColumnSpan[] {
  const widths = Array.from({ length: grid.columnCount }, () => 0)
  for (const { column, width } of grid.items.values()) widths[column] = Math.max(widths[column] ?? 0, width)
  const climbs = Array.from({ length: grid.columnCount }, () => 0)
  for (const line of lines) {
    line.slice(1).forEach(({ column, y }, at) => {
      climbs[column] = Math.max(climbs[column] ?? 0, Math.abs(y - line[at]!.y))
    })
  }
  const starts = new Set(grid.bandStarts.values())
  let x = room.firstPx
  return widths.map((width, column) => {
    if (column > 0) x += Math.min(MAX_GAP_PX, MIN_GAP_PX + GAP_PER_CLIMB * climbs[column]!)
    // A band's padding makes most of the room that its first column needs.
    if (starts.has(column) && column > 0) x += room.bandPx - MIN_GAP_PX / 2
    const span = { x, width }
    x += width
    return span
  })
}
