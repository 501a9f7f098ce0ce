import type { DrawModel } from './draw-model.ts'
import type { DrawEdgeKind } from './draw-steps.ts'
import type { DrawBoxKind } from './node-words.ts'

const SHAPES: Readonly<Record<DrawBoxKind, string>> = {
  listener: 'shape=cds, fillcolor="#ddf4ff", color="#0969da"',
  check: 'shape=ellipse, style="filled", fillcolor="#fff8dc", color="#b08800"',
  dispatch: 'shape=hexagon, style="filled", fillcolor="#f5edff", color="#8250df"',
  candidate: 'fillcolor="#fff1e5", color="#bc4c00"',
  choose: 'fillcolor="#f5edff", color="#8250df"',
  upgrade: 'fillcolor="#ffffff", color="#6e7781"',
  middleware: 'fillcolor="#dcf5f0", color="#0f8270"',
  plugin: 'shape=component, fillcolor="#ffeff7", color="#bf3989"',
  fetch: 'fillcolor="#dafbe1", color="#1a7f37"',
  terminate: 'style="filled", fillcolor="#ffffff", color="#59636e"',
  close: 'style="filled", fillcolor="#ffebe9", color="#cf222e"',
  more: 'style="rounded,dashed", color="#8c959f"',
  missing: 'style="filled", fillcolor="#ffebe9", color="#cf222e"',
}

const LINES: Readonly<Record<DrawEdgeKind, string>> = {
  flow: '',
  hit: '',
  miss: 'style=dashed, color="#a3acb6"',
  error: 'style=dotted, color="#cf222e", fontcolor="#cf222e"',
  more: 'style=dashed, color="#a3acb6"',
}

/** The picture in the DOT language of Graphviz: each band is a cluster. */
export function toDot(model: DrawModel): string {
  const names = new Map(model.boxes.map(({ id }, at) => [id, `b${at}`]))
  const clusters = model.bands.flatMap((band) => [
    `  subgraph cluster_${band.id} {`,
    `    label=${quoted(band.title)}; labeljust=l; style="rounded,filled"; color="#d8dee4"; fillcolor="#f6f8fa"; fontcolor="#59636e"`,
    ...model.boxes
      .filter((box) => box.band === band.id)
      .map(({ id, kind, label, details, tooltip }) => {
        const attributes = [
          `label=${quoted([label, ...details].join('\n'))}`,
          `tooltip=${quoted(tooltip.join('\n'))}`,
          SHAPES[kind],
        ]
        return `    ${names.get(id)} [${attributes.join(', ')}]`
      }),
    '  }',
  ])
  const edges = model.edges.map(({ from, to, kind, label, rule, tooltip }) => {
    const words = [label, rule ?? ''].filter((line) => line !== '').join('\n')
    const attributes = [
      words === '' ? '' : `label=${quoted(words)}`,
      tooltip === '' ? '' : `tooltip=${quoted(tooltip)}`,
      LINES[kind],
    ]
    const given = attributes.filter((attribute) => attribute !== '')
    return `  ${names.get(from)} -> ${names.get(to)}${given.length === 0 ? '' : ` [${given.join(', ')}]`}`
  })
  return [
    'digraph vane {',
    `  label=${quoted([model.title, model.summary, ...(model.note === undefined ? [] : [model.note])].join('\n'))}`,
    '  labelloc=t; rankdir=LR; fontname="Helvetica"; nodesep=0.2; ranksep=0.4',
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11]',
    '  edge [fontname="Helvetica", fontsize=10, color="#6e7781"]',
    ...clusters,
    ...edges,
    '}',
    '',
  ].join('\n')
}

/**
 * A double-quoted string. Inside one, a backslash begins an escape such as `\N` or `\l`, and `&…;` an entity; a line break is
 * written `\n`.
 */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;').replaceAll('\n', '\\n')}"`
}
