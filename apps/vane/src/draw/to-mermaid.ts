import type { DrawBox, DrawModel } from './draw-model.ts'
import type { DrawEdgeKind } from './draw-steps.ts'
import type { DrawBoxKind } from './node-words.ts'

const BRACKETS: Readonly<Record<DrawBoxKind, readonly [open: string, close: string]>> = {
  listener: ['([', '])'],
  check: ['{{', '}}'],
  dispatch: ['{', '}'],
  candidate: ['>', ']'],
  choose: ['{', '}'],
  upgrade: ['[', ']'],
  middleware: ['(', ')'],
  plugin: ['[[', ']]'],
  fetch: ['(', ')'],
  terminate: ['[', ']'],
  close: ['[', ']'],
  more: ['(', ')'],
  missing: ['[', ']'],
}

// Strokes only: the page's theme chooses what stands behind the text, and so keeps it readable in light and dark.
const CLASSES: Readonly<Record<DrawBoxKind, string>> = {
  listener: 'stroke:#0969da,stroke-width:2px',
  check: 'stroke:#b08800',
  dispatch: 'stroke:#8250df',
  candidate: 'stroke:#bc4c00',
  choose: 'stroke:#8250df',
  upgrade: 'stroke:#6e7781',
  middleware: 'stroke:#0f8270',
  plugin: 'stroke:#bf3989',
  fetch: 'stroke:#1a7f37',
  terminate: 'stroke:#59636e',
  close: 'stroke:#cf222e',
  more: 'stroke:#8c959f,stroke-dasharray:4 3',
  missing: 'stroke:#cf222e',
}

const ARROWS: Readonly<Record<DrawEdgeKind, string>> = {
  flow: '-->',
  hit: '-->',
  miss: '-.->',
  error: '-.->',
  more: '-.->',
}

/** The picture as a Mermaid flowchart: each band is a subgraph. */
export function toMermaid(model: DrawModel): string {
  const names = new Map(model.boxes.map(({ id }, at) => [id, `b${at}`]))
  const bands = model.bands.flatMap((band) => [
    `  subgraph band_${band.id}[${quoted([band.title])}]`,
    ...model.boxes.filter((box) => box.band === band.id).map((box) => `    ${names.get(box.id)}${boxText(box)}`),
    '  end',
  ])
  const edges = model.edges.map(({ from, to, kind, label, rule }) => {
    const lines = [label, rule ?? ''].filter((line) => line !== '')
    return `  ${names.get(from)} ${ARROWS[kind]}${lines.length === 0 ? '' : `|${quoted(lines)}|`} ${names.get(to)}`
  })
  const used = new Set(model.boxes.map(({ kind }) => kind))
  return [
    'flowchart LR',
    `  accTitle: ${plain(model.title)}`,
    `  accDescr: ${plain(model.note === undefined ? model.summary : `${model.summary}, ${model.note}`)}`,
    ...bands,
    ...edges,
    ...[...used].map((kind) => `  classDef ${kind} ${CLASSES[kind]}`),
    '',
  ].join('\n')
}

function boxText({ kind, label, details }: DrawBox): string {
  const [open, close] = BRACKETS[kind]
  return `${open}${quoted([label, ...details])}${close}:::${kind}`
}

function quoted(lines: readonly string[]): string {
  return `"${lines.map(escaped).join('<br/>')}"`
}

/**
 * Whatever is not a letter, a digit or harmless becomes `#code;`, Mermaid's own form. Escaping quotes alone would not do:
 * comments and directives (`%%`) are sought in the whole text before it is parsed, and lines with `style` or `classDef` in
 * them lose the semicolon behind a `#`.
 */
function escaped(text: string): string {
  return text
    .replace(/[^\p{L}\p{M}\p{N} .,:/_=+()[\]{}→≠≥≤…·-]/gu, (char) => `#${char.codePointAt(0)};`)
    .replace(/style|classDef/g, (word) => `#${word.codePointAt(0)};${word.slice(1)}`)
}

/** Free text of a statement, where no escapes are known. */
function plain(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,/_-]/gu, ' ').trim() || 'graph'
}
