import * as dagre from '@dagrejs/dagre'
import { orderLayers, type LayerLink } from './order-layers.ts'

/** Something that takes room in a column: a ladder of boxes, or the texts of an arrow. */
export interface LayoutItem {
  readonly id: string
  readonly column: number
  readonly height: number
}

/** A line from an item to one in a later column; the ports are those of {@link LayerLink}. */
export interface LayoutLink extends LayerLink {
  readonly id: string
  /** How dearly the line is kept straight. */
  readonly weight: number
}

/** Where everything stands in its column, in pixels from an arbitrary zero. */
export interface LayoutRows {
  /** Middle of each item. */
  readonly items: ReadonlyMap<string, number>
  /** Of each link, where it passes the columns between its ends; empty where it need not mind what stands there. */
  readonly lanes: ReadonlyMap<string, readonly number[]>
}

/** What is used of the library's graph. */
interface RankedGraph {
  setGraph(options: Readonly<Record<string, string | number>>): void
  setNode(id: string, node: { readonly rank: number; readonly width: number; readonly height: number }): void
  setEdge(
    from: string,
    to: string,
    edge: { readonly weight: number; readonly width: number; readonly height: number },
    id: string,
  ): void
  nodes(): string[]
  edges(): { readonly v: string; readonly w: string; readonly name?: string }[]
  node(id: string): { rank: number; order?: number; y: number }
  edge(from: string, to: string, id: string): { readonly points: readonly { readonly y: number }[] }
}

// The library's own declarations import each other without file endings and so do not resolve under `nodenext`.
const { Graph, layout } = dagre as unknown as {
  readonly Graph: new (options: { multigraph: boolean; directed: boolean }) => RankedGraph
  layout(graph: RankedGraph, options: { readonly customOrder: (layered: RankedGraph) => void }): void
}

const ITEM_GAP_PX = 16
const LANE_GAP_PX = 10

/**
 * Items and lines (each counted once per column it passes) up to which they are laid out with care. The work grows faster
 * than the picture: this many take about half a second.
 */
export const MAX_ORDERED_ITEMS = 2_000

/** Finds rows with few crossings and straight lines; above {@link MAX_ORDERED_ITEMS} in the order given, at once. */
export function layoutRows(items: readonly LayoutItem[], links: readonly LayoutLink[]): LayoutRows {
  const columns = new Map(items.map(({ id, column }) => [id, column]))
  let size = items.length
  for (const { from, to } of links) size += Math.max(0, (columns.get(to) ?? 0) - (columns.get(from) ?? 0) - 1)
  return size > MAX_ORDERED_ITEMS ? stackedRows(items) : orderedRows(items, links)
}

function orderedRows(items: readonly LayoutItem[], links: readonly LayoutLink[]): LayoutRows {
  const graph = new Graph({ multigraph: true, directed: true })
  // Columns are ours: `none` keeps the ranks that the items bring. Every other rank stays free, since the library cannot
  // draw a line between neighbours.
  graph.setGraph({ rankdir: 'LR', ranker: 'none', nodesep: ITEM_GAP_PX, edgesep: LANE_GAP_PX, ranksep: 100 })
  for (const { id, column, height } of items) graph.setNode(id, { rank: 2 * column, width: 1, height })
  for (const { id, from, to, weight } of links) graph.setEdge(from, to, { weight, width: 0, height: 0 }, id)
  layout(graph, {
    customOrder: (layered: RankedGraph) => setOrder(layered, new Map(links.map((link) => [link.id, link]))),
  })
  return {
    items: new Map(items.map(({ id }) => [id, graph.node(id).y])),
    lanes: new Map(
      links.map(({ id, from, to }) => {
        const { points } = graph.edge(from, to, id)
        // The first and the last are where the line meets its ends; of the rest every other one is between two columns.
        return [id, points.slice(1, -1).flatMap(({ y }, at) => (at % 2 === 1 ? [y] : []))]
      }),
    ),
  }
}

/** Orders the library's layers, in which long lines are chains of nodes; a link's name stays on each of its pieces. */
function setOrder(graph: RankedGraph, links: ReadonlyMap<string, LayoutLink>): void {
  const pieces = graph.edges().map(({ v, w, name }): LayerLink => {
    const link = links.get(name ?? '')
    return {
      from: v,
      to: w,
      fromPort: link !== undefined && link.from === v ? link.fromPort : 0.5,
      toPort: link !== undefined && link.to === w ? link.toPort : 0.5,
    }
  })
  pieces.sort((a, b) => a.fromPort - b.fromPort)
  const layerLinks: LayerLink[][] = []
  for (const piece of pieces) (layerLinks[graph.node(piece.from).rank] ??= []).push(piece)

  const after = Map.groupBy(pieces, ({ from }) => from)
  const byRank = graph.nodes().toSorted((a, b) => graph.node(a).rank - graph.node(b).rank)
  const first = byRank.filter((id) => graph.node(id).rank === 0)
  // The listeners as they come, and the other way round: what they share lies well for one of the two.
  const starts = [byRank, [...first.toReversed(), ...byRank]].map((roots) => depthFirst(roots, after, graph))
  for (const layer of orderLayers(starts, layerLinks)) layer.forEach((id, order) => (graph.node(id).order = order))
}

/** Layers in the order of a walk from the top: a tree comes out without a crossing and in matching order. */
function depthFirst(
  roots: readonly string[],
  after: ReadonlyMap<string, readonly LayerLink[]>,
  graph: RankedGraph,
): string[][] {
  const layers: string[][] = []
  const seen = new Set<string>()
  const work = roots.toReversed()
  for (let id = work.pop(); id !== undefined; id = work.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    ;(layers[graph.node(id).rank] ??= []).push(id)
    for (const { to } of (after.get(id) ?? []).toReversed()) work.push(to)
  }
  return Array.from(layers, (layer) => layer ?? [])
}

function stackedRows(items: readonly LayoutItem[]): LayoutRows {
  const bottoms = new Map<number, number>()
  const rows = new Map<string, number>()
  for (const { id, column, height } of items) {
    const top = bottoms.get(column) ?? 0
    rows.set(id, top + height / 2)
    bottoms.set(column, top + height + ITEM_GAP_PX)
  }
  let tallest = 0
  for (const bottom of bottoms.values()) tallest = Math.max(tallest, bottom)
  for (const { id, column } of items) rows.set(id, (rows.get(id) ?? 0) + (tallest - (bottoms.get(column) ?? 0)) / 2)
  return { items: rows, lanes: new Map() }
}
