import type { DrawEdge } from './draw-model.ts'

/** Horizontal extent of a column, in pixels. */
export interface ColumnSpan {
  readonly x: number
  readonly width: number
}

/** Upper left corner and size of a box, in pixels. */
export interface BoxRect extends ColumnSpan {
  readonly y: number
  readonly height: number
}

/** An arrow's way: level through each column it passes, curved in the gaps between them. */
export interface EdgeTrack {
  readonly edge: DrawEdge
  readonly from: BoxRect
  readonly to: BoxRect
  readonly stretches: readonly { readonly column: number; readonly y: number; readonly hasTexts: boolean }[]
  /** `down` leads to the next rung of a ladder; `back`, to the left, is only the edge that closes a cycle. */
  readonly way: 'right' | 'down' | 'back'
}

/** An arrow in its place. */
export interface PlacedEdge {
  readonly edge: DrawEdge
  /** SVG path data. */
  readonly path: string
  /** Left end of the stretch that carries the texts. */
  readonly texts: { readonly x: number; readonly y: number } | undefined
}

const PORT_STEP_PX = 10
const PORT_MARGIN_PX = 12
const ARROW_PX = 5
const DOWN_INSET_PX = 19

/** Draws every arrow; those that share a side of a box meet it side by side, in the order in which they come. */
export function routeEdges(tracks: readonly EdgeTrack[], columns: readonly ColumnSpan[]): PlacedEdge[] {
  const starts = ports(
    tracks,
    ({ from }) => from,
    ({ to, stretches }) => stretches[0]?.y ?? middle(to),
  )
  const ends = ports(
    tracks,
    ({ to }) => to,
    ({ from, stretches }) => stretches.at(-1)?.y ?? middle(from),
  )
  return tracks.map((track): PlacedEdge => {
    const { edge, from, to, stretches, way } = track
    if (way === 'down') return { edge, ...downPath(from, to) }
    if (way === 'back') return { edge, path: backPath(from, to), texts: undefined }

    let x = from.x + from.width
    let y = starts.get(track) ?? middle(from)
    let path = `M${px(x)} ${px(y)}`
    let texts: PlacedEdge['texts']
    for (const stretch of stretches) {
      const span = columns[stretch.column]!
      path += `${curve(x, y, span.x, stretch.y)}H${px(span.x + span.width)}`
      if (stretch.hasTexts) texts = { x: span.x, y: stretch.y }
      x = span.x + span.width
      y = stretch.y
    }
    const endY = ends.get(track) ?? middle(to)
    // The line stops short of the box by the arrow's length, level, so that the arrow stands straight.
    return { edge, path: `${path}${curve(x, y, to.x - ARROW_PX, endY)}H${px(to.x - 1)}`, texts }
  })
}

/** Pixels with one decimal: enough for the eye, and the text stays short. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** Where each arrow meets its box: spread over the side in the order of `aim`. */
function ports(
  tracks: readonly EdgeTrack[],
  boxOf: (track: EdgeTrack) => BoxRect,
  aim: (track: EdgeTrack) => number,
): Map<EdgeTrack, number> {
  const found = new Map<EdgeTrack, number>()
  for (const [box, group] of Map.groupBy(
    tracks.filter(({ way }) => way === 'right'),
    boxOf,
  )) {
    const step = Math.min(PORT_STEP_PX, Math.max(0, box.height - 2 * PORT_MARGIN_PX) / Math.max(1, group.length - 1))
    const sorted = group.toSorted((a, b) => aim(a) - aim(b))
    sorted.forEach((track, at) => found.set(track, middle(box) + (at - (group.length - 1) / 2) * step))
  }
  return found
}

function curve(fromX: number, fromY: number, toX: number, toY: number): string {
  if (Math.abs(toY - fromY) < 0.5) return `L${px(toX)} ${px(toY)}`
  const half = (fromX + toX) / 2
  return `C${px(half)} ${px(fromY)} ${px(half)} ${px(toY)} ${px(toX)} ${px(toY)}`
}

function backPath(from: BoxRect, to: BoxRect): string {
  const x = from.x + from.width / 2
  const toX = to.x + to.width / 2 + 10
  const bottom = Math.max(from.y + from.height, to.y + to.height)
  return `M${px(x)} ${px(from.y + from.height)}C${px(x)} ${px(bottom + 40)} ${px(toX)} ${px(bottom + 40)} ${px(toX)} ${px(to.y + to.height + 1)}`
}

function downPath(from: BoxRect, to: BoxRect): Pick<PlacedEdge, 'path' | 'texts'> {
  const x = from.x + DOWN_INSET_PX
  const y = from.y + from.height
  return { path: `M${px(x)} ${px(y)}V${px(to.y - 1)}`, texts: { x: x + 4, y: (y + to.y) / 2 + 8 } }
}

function middle({ y, height }: { readonly y: number; readonly height: number }): number {
  return y + height / 2
}
