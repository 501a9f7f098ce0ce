import { TYPE } from './box-size.ts'
import type { DrawModel } from './draw-model.ts'
import type { DrawEdgeKind } from './draw-steps.ts'
import { layoutModel, type PlacedBand, type PlacedBox } from './layout-model.ts'
import { px, type PlacedEdge } from './route-edges.ts'
import { svgLegend } from './svg-legend.ts'
import { SVG_ICONS } from './svg-icons.ts'
import { svgStyle, type SvgTheme } from './svg-style.ts'
import { textWidth } from './text-width.ts'
import { xmlText } from './xml-text.ts'

/** How an SVG looks. */
export interface SvgOptions {
  /** Default `auto`: follows the reader's system. */
  readonly theme?: SvgTheme
}

const MARGIN_PX = 24
const HEADER_PX = 58
const TIP_KINDS: readonly DrawEdgeKind[] = ['flow', 'miss', 'error', 'more']

/** The picture as a self-contained SVG document: no scripts, no links, no fonts to load. */
export function toSvg(model: DrawModel, options: SvgOptions = {}): string {
  const placed = layoutModel(model)
  const texts = [textWidth(model.title, 17, true), textWidth(subtitle(model), 12)]
  const inner = Math.max(placed.width, 420, ...texts)
  const legend = svgLegend(model, inner)
  const width = Math.ceil(inner + 2 * MARGIN_PX)
  const height = Math.ceil(HEADER_PX + placed.height + legend.height + 2 * MARGIN_PX)
  // Several pictures may stand in one page, where ids are common to all.
  const scope = `vg-${model.versionHash.replace(/[^0-9a-z]/gi, '').slice(0, 8)}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="vg" role="img" aria-labelledby="${scope}-t ${scope}-d"`,
    ` width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title id="${scope}-t">${xmlText(model.title)}</title>`,
    `<desc id="${scope}-d">${xmlText(description(model))}</desc>`,
    `<style>${svgStyle(options.theme ?? 'auto')}</style>`,
    `<defs>${TIP_KINDS.map((kind) => tip(scope, kind)).join('')}</defs>`,
    `<rect class="page" width="${width}" height="${height}" rx="12"/>`,
    `<text class="title" x="${MARGIN_PX}" y="${MARGIN_PX + 14}">${xmlText(model.title)}</text>`,
    `<text class="sub" x="${MARGIN_PX}" y="${MARGIN_PX + 36}">${xmlText(subtitle(model))}</text>`,
    `<g transform="translate(${MARGIN_PX} ${MARGIN_PX + HEADER_PX})">`,
    ...placed.bands.map((band, at) => bandSvg(band, at, placed.height)),
    ...placed.edges.map((edge) => edgeSvg(edge, scope)),
    ...placed.boxes.map(boxSvg),
    '</g>',
    `<g transform="translate(${MARGIN_PX} ${px(MARGIN_PX + HEADER_PX + placed.height)})">${legend.svg}</g>`,
    '</svg>\n',
  ].join('\n')
}

function subtitle({ summary, note }: DrawModel): string {
  return note === undefined ? summary : `${summary} · ${note}`
}

function description(model: DrawModel): string {
  const bands = model.bands.map(({ id, title }) => `${title}: ${model.boxes.filter(({ band }) => band === id).length}`)
  return `${subtitle(model)}. boxes by phase, left to right: ${bands.join(', ')}. ${model.edges.length} arrows. version ${model.versionHash}`
}

function tip(scope: string, kind: DrawEdgeKind): string {
  return (
    `<marker id="${scope}-${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" ` +
    `markerUnits="userSpaceOnUse"><path class="tip ${kind}" d="M0 .5L8 4 0 7.5z"/></marker>`
  )
}

function bandSvg({ band, x, width }: PlacedBand, at: number, height: number): string {
  return (
    `<g><rect class="band${at % 2}" x="${px(x)}" y="0" width="${px(width)}" height="${px(height)}" rx="10"/>` +
    `<text class="head" x="${px(x + 18)}" y="25">${xmlText(band.title)}</text></g>`
  )
}

function edgeSvg({ edge, path, texts }: PlacedEdge, scope: string): string {
  const marker = edge.kind === 'hit' ? 'flow' : edge.kind
  const title = edge.tooltip === '' ? '' : `<title>${xmlText(edge.tooltip)}</title>`
  const lines: string[] = []
  if (texts !== undefined) {
    const x = px(texts.x + 4)
    if (edge.label !== '') lines.push(`<text x="${x}" y="${px(texts.y - 5)}">${xmlText(edge.label)}</text>`)
    // A rule alone stands on its line, where one that follows an answer stands below it.
    const ruleY = px(edge.label === '' ? texts.y - 5 : texts.y + 14)
    if (edge.rule !== undefined) lines.push(`<text class="rule" x="${x}" y="${ruleY}">${xmlText(edge.rule)}</text>`)
  }
  return `<g class="edge ${edge.kind}">${title}<path d="${path}" marker-end="url(#${scope}-${marker})"/>${lines.join('')}</g>`
}

function boxSvg({ box, x, y, width, height }: PlacedBox): string {
  const textX = px(x + TYPE.boxPadXPx + TYPE.iconPx)
  const first = y + TYPE.boxPadYPx + 13
  const details = box.details.map(
    (line, at) =>
      `<text class="detail" x="${textX}" y="${px(first + TYPE.labelLinePx - 2 + at * TYPE.detailLinePx)}">${xmlText(line)}</text>`,
  )
  return [
    `<g class="box ${box.kind}"><title>${xmlText(box.tooltip.join('\n'))}</title>`,
    `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="${corner(box.kind, height)}"/>`,
    `<path class="icon" transform="translate(${px(x + TYPE.boxPadXPx)} ${px(first - 11.5)})" d="${SVG_ICONS[box.kind]}"/>`,
    `<text class="label" x="${textX}" y="${px(first)}">${xmlText(box.label)}</text>${details.join('')}</g>`,
  ].join('')
}

function corner(kind: PlacedBox['box']['kind'], height: number): string {
  return px(kind === 'check' ? Math.min(18, height / 2) : kind === 'terminate' || kind === 'close' ? 4 : 9)
}
