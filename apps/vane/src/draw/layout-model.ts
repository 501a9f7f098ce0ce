import type { Size } from './box-size.ts'
import type { DrawBand, DrawBox, DrawModel } from './draw-model.ts'
import { labelId, layoutGrid, type LayoutGrid } from './layout-grid.ts'
import { layoutRows, type LayoutLink } from './layout-rows.ts'
import { routeEdges, type BoxRect, type ColumnSpan, type EdgeTrack, type PlacedEdge } from './route-edges.ts'
import { spanColumns } from './span-columns.ts'

/** A box in its place. */
export interface PlacedBox extends BoxRect {
  readonly box: DrawBox
}

/** A band in its place; it is as high as the picture. */
export interface PlacedBand extends ColumnSpan {
  readonly band: DrawBand
}

/** A model with coordinates, in pixels from the upper left corner of the first band. */
export interface PlacedModel extends Size {
  readonly bands: readonly PlacedBand[]
  readonly boxes: readonly PlacedBox[]
  readonly edges: readonly PlacedEdge[]
}

const BAND_PAD_PX = 18
const BAND_GAP_PX = 10
const BAND_HEAD_PX = 46

/** Places a model's boxes in columns from left to right and leads its arrows around them. */
export function layoutModel(model: DrawModel): PlacedModel {
  const grid = layoutGrid(model)
  const ways = edgeWays(model, grid)
  const rows = layoutRows([...grid.items.values()], layoutLinks(model, grid, ways))

  const heights = [...grid.items.values()].map(({ id, height }) => ({ row: rows.items.get(id) ?? 0, half: height / 2 }))
  for (const lanes of rows.lanes.values()) heights.push(...lanes.map((row) => ({ row, half: 4 })))
  const top = heights.reduce((least, { row, half }) => Math.min(least, row - half), Number.POSITIVE_INFINITY)
  const bottom = heights.reduce((most, { row, half }) => Math.max(most, row + half), Number.NEGATIVE_INFINITY)
  const yOf = (row: number | undefined): number => (row ?? 0) - top + BAND_HEAD_PX

  const stretches = ways.map(({ items }, at) =>
    items.slice(1).flatMap((to, step): EdgeTrack['stretches'] => {
      const first = (grid.items.get(items[step]!)?.column ?? 0) + 1
      const lanes = (rows.lanes.get(linkId(at, step)) ?? []).map((row, lane) => ({
        column: first + lane,
        y: yOf(row),
        hasTexts: false,
      }))
      if (step === items.length - 2) return lanes
      return [...lanes, { column: grid.items.get(to)?.column ?? 0, y: yOf(rows.items.get(to)), hasTexts: true }]
    }),
  )

  const rects = new Map(model.boxes.map(({ id }) => [id, rungRect(id)]))
  const lines = ways.map(({ way }, at) => {
    const { from, to } = model.edges[at]!
    return way === 'right' ? [rects.get(from)!, ...stretches[at]!, rects.get(to)!] : []
  })
  const columns = spanColumns(grid, lines, { bandPx: 2 * BAND_PAD_PX + BAND_GAP_PX, firstPx: BAND_PAD_PX })
  const boxes = new Map(
    model.boxes.map((box): [string, PlacedBox] => {
      const { column, top: y, height } = rects.get(box.id)!
      return [box.id, { box, ...columns[column]!, y, height }]
    }),
  )
  const tracks = model.edges.map((edge, at): EdgeTrack => {
    return { edge, from: boxes.get(edge.from)!, to: boxes.get(edge.to)!, stretches: stretches[at]!, way: ways[at]!.way }
  })
  const last = columns.at(-1) ?? { x: 0, width: 0 }
  const width = last.x + last.width + BAND_PAD_PX
  return {
    bands: placeBands(model.bands, grid, columns, width),
    boxes: [...boxes.values()],
    edges: routeEdges(tracks, columns),
    width,
    height: Math.max(0, bottom - top) + BAND_HEAD_PX + BAND_PAD_PX,
  }

  function rungRect(id: string): { column: number; top: number; y: number; height: number } {
    const rung = grid.rungs.get(id)!
    const item = grid.items.get(rung.item)!
    const upper = yOf(rows.items.get(rung.item)) - item.height / 2 + rung.top
    return { column: item.column, top: upper, y: upper + rung.height / 2, height: rung.height }
  }
}

interface EdgeWay {
  readonly way: EdgeTrack['way']
  /** From the ladder it leaves, over its texts, to the ladder it reaches; empty where it takes no part in the layout. */
  readonly items: readonly string[]
}

function edgeWays(model: DrawModel, grid: LayoutGrid): EdgeWay[] {
  return model.edges.map(({ from, to }, at): EdgeWay => {
    const start = grid.rungs.get(from)!
    const end = grid.rungs.get(to)!
    if (start.item === end.item) return { way: start.top < end.top ? 'down' : 'back', items: [] }
    if (grid.items.get(start.item)!.column >= grid.items.get(end.item)!.column) return { way: 'back', items: [] }
    return { way: 'right', items: [start.item, ...(grid.items.has(labelId(at)) ? [labelId(at)] : []), end.item] }
  })
}

function layoutLinks(model: DrawModel, grid: LayoutGrid, ways: readonly EdgeWay[]): LayoutLink[] {
  const ports = leavingPorts(model, grid)
  return ways.flatMap(({ items }, at) => {
    const { kind, to: end } = model.edges[at]!
    const { item, top, height } = grid.rungs.get(end)!
    const weight = kind === 'flow' || kind === 'hit' ? 4 : 1
    return items.slice(1).map((to, step): LayoutLink => ({
      id: linkId(at, step),
      from: items[step]!,
      to,
      weight,
      fromPort: step === 0 ? (ports[at] ?? 0.5) : 0.5,
      toPort: to === item ? (top + height / 2) / grid.items.get(item)!.height : 0.5,
    }))
  })
}

function linkId(edge: number, step: number): string {
  return `${edge}-${step}`
}

/** Where arrows leave the right side of their ladders: in matching order from top to bottom, a failure last. */
function leavingPorts(model: DrawModel, grid: LayoutGrid): number[] {
  const ports: number[] = []
  const leaving = model.edges.map(({ from, kind }, at) => {
    const { item, top } = grid.rungs.get(from)!
    return { at, item, top, isLast: kind === 'miss' || kind === 'error' }
  })
  for (const group of Map.groupBy(leaving, ({ item }) => item).values()) {
    const sorted = group.toSorted((a, b) => a.top - b.top || Number(a.isLast) - Number(b.isLast))
    sorted.forEach(({ at }, place) => (ports[at] = (place + 0.5) / sorted.length))
  }
  return ports
}

function placeBands(
  bands: readonly DrawBand[],
  grid: LayoutGrid,
  columns: readonly ColumnSpan[],
  width: number,
): PlacedBand[] {
  const lefts = bands.map(({ id }) => columns[grid.bandStarts.get(id) ?? 0]!.x - BAND_PAD_PX)
  return bands.map((band, at) => {
    const right = at + 1 < lefts.length ? lefts[at + 1]! - BAND_GAP_PX : width
    return { band, x: lefts[at]!, width: right - lefts[at]! }
  })
}
