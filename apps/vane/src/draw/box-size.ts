import type { DrawBox, DrawEdge } from './draw-model.ts'
import { textWidth } from './text-width.ts'

/** Measures of the picture's type, in pixels. */
export const TYPE: {
  readonly labelPx: number
  readonly detailPx: number
  readonly edgePx: number
  readonly labelLinePx: number
  readonly detailLinePx: number
  readonly boxPadXPx: number
  readonly boxPadYPx: number
  readonly iconPx: number
} = {
  labelPx: 13,
  detailPx: 11,
  edgePx: 11.5,
  labelLinePx: 18,
  detailLinePx: 15,
  boxPadXPx: 12,
  boxPadYPx: 9,
  iconPx: 24,
}

/** Width and height in pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** Room a box needs for its icon and its lines. */
export function boxSize({ label, details }: DrawBox): Size {
  const text = Math.max(textWidth(label, TYPE.labelPx, true), ...details.map((line) => textWidth(line, TYPE.detailPx)))
  return {
    width: Math.ceil(Math.max(96, text + TYPE.iconPx + 2 * TYPE.boxPadXPx)),
    height: 2 * TYPE.boxPadYPx + TYPE.labelLinePx + details.length * TYPE.detailLinePx,
  }
}

/** Room an arrow's texts need; `undefined` where it has none. The answer stands above the line, the rule below it. */
export function edgeLabelSize({ label, rule }: DrawEdge): Size | undefined {
  if (label === '' && rule === undefined) return undefined
  const width = Math.max(textWidth(label, TYPE.edgePx), textWidth(rule ?? '', TYPE.edgePx, true))
  return { width: Math.ceil(width) + 8, height: label !== '' && rule !== undefined ? 38 : 30 }
}
