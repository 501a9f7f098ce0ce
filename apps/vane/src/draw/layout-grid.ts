import { assignColumns } from './assign-columns.ts'
import { boxSize, edgeLabelSize, type Size } from './box-size.ts'
import type { DrawBandId, DrawModel } from './draw-model.ts'
import { findLadders } from './find-ladders.ts'
import type { LayoutItem } from './layout-rows.ts'

/** A ladder of boxes (most have one rung) or an arrow's texts, with the column it stands in. */
export interface GridItem extends LayoutItem, Size {}

/** Where a box hangs in its ladder: `top` is the distance of its upper edge from the ladder's. */
export interface Rung {
  readonly item: string
  readonly top: number
  readonly height: number
}

/** The picture's columns: boxes, and between them the texts of the arrows that leave them. */
export interface LayoutGrid {
  /** A ladder goes by its first box's id, an arrow's texts by {@link labelId}. */
  readonly items: ReadonlyMap<string, GridItem>
  /** By box id. */
  readonly rungs: ReadonlyMap<string, Rung>
  readonly columnCount: number
  /** First column of each band. */
  readonly bandStarts: ReadonlyMap<DrawBandId, number>
}

const RUNG_GAP_PX = 26

/** Id of the item that holds the texts of the `at`-th arrow. Box ids have no colon. */
export function labelId(at: number): string {
  return `label:${at}`
}

/** Sizes everything that takes room and gives it a column. */
export function layoutGrid(model: DrawModel): LayoutGrid {
  const ladders = findLadders(model)
  const boxColumns = assignColumns(model, ladders)
  const boxes = new Map(model.boxes.map((box) => [box.id, box]))
  const rungs = new Map<string, Rung>()
  const items = ladders.map((ladder): GridItem => {
    const item = ladder[0]!
    let width = 0
    let bottom = -RUNG_GAP_PX
    for (const id of ladder) {
      const size = boxSize(boxes.get(id)!)
      rungs.set(id, { item, top: bottom + RUNG_GAP_PX, height: size.height })
      bottom += RUNG_GAP_PX + size.height
      width = Math.max(width, size.width)
    }
    return { id: item, column: 2 * (boxColumns.get(item) ?? 0), width, height: bottom }
  })
  model.edges.forEach((edge, at) => {
    const size = edgeLabelSize(edge)
    const from = boxColumns.get(edge.from) ?? 0
    // The texts stand behind the box that the arrow leaves: there the eye asks which way to go.
    if (size !== undefined && from < (boxColumns.get(edge.to) ?? 0))
      items.push({ id: labelId(at), column: 2 * from + 1, ...size })
  })

  const used = [...new Set(items.map(({ column }) => column))].toSorted((a, b) => a - b)
  const dense = new Map(used.map((column, at) => [column, at]))
  const placed = new Map(items.map((item) => [item.id, { ...item, column: dense.get(item.column) ?? 0 }]))
  const bandStarts = new Map<DrawBandId, number>()
  for (const { id, band } of model.boxes) {
    const column = dense.get(2 * (boxColumns.get(id) ?? 0)) ?? 0
    bandStarts.set(band, Math.min(column, bandStarts.get(band) ?? column))
  }
  return { items: placed, rungs, columnCount: used.length, bandStarts }
}
