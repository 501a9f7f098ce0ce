import type { DrawModel } from './draw-model.ts'
import type { DrawBoxKind } from './node-words.ts'
import { px } from './route-edges.ts'
import { KIND_WORDS, SVG_ICONS } from './svg-icons.ts'
import { textWidth } from './text-width.ts'

const LINE_PX = 24
const ENTRY_GAP_PX = 18
const SIGN_PX = 28

/** The legend: the kinds of box and arrow that the picture has, in lines no longer than `widthPx`. */
export function svgLegend(model: DrawModel, widthPx: number): { readonly svg: string; readonly height: number } {
  const kinds = (Object.keys(KIND_WORDS) as DrawBoxKind[]).filter((kind) =>
    model.boxes.some((box) => box.kind === kind),
  )
  const entries = kinds.map((kind) => ({ words: KIND_WORDS[kind], sign: boxSign(kind) }))
  if (model.edges.some(({ kind }) => kind === 'hit')) entries.push({ words: 'match', sign: lineSign('hit') })
  if (model.edges.some(({ kind }) => kind === 'miss'))
    entries.push({ words: 'miss or any other value', sign: lineSign('miss') })
  if (model.edges.some(({ kind }) => kind === 'error')) entries.push({ words: 'failure', sign: lineSign('error') })
  if (model.edges.some(({ rule }) => rule !== undefined))
    entries.push({ words: 'bold on an arrow: the rule it enters', sign: '' })

  let x = 0
  let y = 22
  const parts = entries.map(({ words, sign }) => {
    const room = (sign === '' ? 0 : SIGN_PX) + textWidth(words, 12)
    if (x > 0 && x + room > widthPx) {
      x = 0
      y += LINE_PX
    }
    const text = `<text class="legend" x="${sign === '' ? 0 : SIGN_PX}" y="4">${words}</text>`
    const part = `<g transform="translate(${px(x)} ${px(y)})">${sign}${text}</g>`
    x += room + ENTRY_GAP_PX
    return part
  })
  return { svg: parts.join(''), height: y + 4 }
}

function boxSign(kind: DrawBoxKind): string {
  const icon = `<path class="icon" transform="translate(4.7 -5.3) scale(.76)" d="${SVG_ICONS[kind]}"/>`
  return `<g class="box ${kind}"><rect x="0" y="-9" width="20" height="18" rx="5"/>${icon}</g>`
}

function lineSign(kind: 'hit' | 'miss' | 'error'): string {
  return `<g class="edge ${kind}"><path d="M0 0H20"/></g>`
}
