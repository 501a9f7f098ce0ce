import type { DrawBoxKind } from './node-words.ts'

/** Colours of a picture: those given, or those the reader's system prefers. */
export type SvgTheme = 'light' | 'dark' | 'auto'

interface Palette {
  readonly page: string
  readonly bands: readonly [even: string, odd: string]
  readonly border: string
  readonly text: string
  readonly muted: string
  readonly line: string
  readonly faint: string
  readonly error: string
  readonly boxes: Readonly<Record<DrawBoxKind, readonly [fill: string, stroke: string]>>
}

const LIGHT: Palette = {
  page: '#ffffff',
  bands: ['#f6f8fa', '#f0f3f6'],
  border: '#d8dee4',
  text: '#1f2328',
  muted: '#59636e',
  line: '#6e7781',
  faint: '#a3acb6',
  error: '#cf222e',
  boxes: {
    listener: ['#ddf4ff', '#0969da'],
    check: ['#fff8dc', '#b08800'],
    dispatch: ['#f5edff', '#8250df'],
    candidate: ['#fff1e5', '#bc4c00'],
    choose: ['#f5edff', '#8250df'],
    upgrade: ['#ffffff', '#6e7781'],
    middleware: ['#dcf5f0', '#0f8270'],
    plugin: ['#ffeff7', '#bf3989'],
    fetch: ['#dafbe1', '#1a7f37'],
    terminate: ['#ffffff', '#59636e'],
    close: ['#ffebe9', '#cf222e'],
    more: ['none', '#8c959f'],
    missing: ['#ffebe9', '#cf222e'],
  },
}

const DARK: Palette = {
  page: '#0d1117',
  bands: ['#151b23', '#1a212b'],
  border: '#30363d',
  text: '#e6edf3',
  muted: '#9ba5b1',
  line: '#8b949e',
  faint: '#5d6671',
  error: '#f85149',
  boxes: {
    listener: ['#11294a', '#4493f8'],
    check: ['#30270f', '#c69026'],
    dispatch: ['#2a2042', '#a97bf5'],
    candidate: ['#36230f', '#db6d28'],
    choose: ['#2a2042', '#a97bf5'],
    upgrade: ['#21262d', '#8b949e'],
    middleware: ['#0f312d', '#2eb39f'],
    plugin: ['#3a1a2d', '#db61a2'],
    fetch: ['#12301d', '#3fb950'],
    terminate: ['#21262d', '#9ba5b1'],
    close: ['#3b1519', '#f85149'],
    more: ['none', '#768390'],
    missing: ['#3b1519', '#f85149'],
  },
}

// The reader's own interface face: a picture that loads fonts shows none where it is an `<img>`.
const FACE = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,sans-serif'

/**
 * The style sheet. Every rule begins with `.vg`, so that nothing leaks into a page that holds the picture inline. No custom
 * properties: viewers other than browsers do not know them.
 */
export function svgStyle(theme: SvgTheme): string {
  const shape = [
    `.vg{font-family:${FACE}}`,
    '.vg .title{font-size:17px;font-weight:650}',
    '.vg .sub,.vg .legend{font-size:12px}',
    '.vg .head{font-size:12px;font-weight:600;letter-spacing:.4px}',
    '.vg .label{font-size:13px;font-weight:600}',
    '.vg .detail{font-size:11px}',
    '.vg .box rect{stroke-width:1.25}',
    '.vg .listener rect{stroke-width:2}',
    '.vg .more rect{stroke-dasharray:4 3}',
    '.vg .icon{fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}',
    '.vg .edge path{fill:none;stroke-width:1.5}',
    '.vg .edge.miss path,.vg .edge.more path{stroke-width:1.25;stroke-dasharray:5 4}',
    '.vg .edge.error path{stroke-width:1.25;stroke-dasharray:2 3}',
    '.vg .edge text{font-size:11.5px;paint-order:stroke;stroke-width:4px;stroke-linejoin:round}',
    '.vg .edge .rule{font-weight:600}',
    '.vg .edge:hover path{stroke-width:2.5}',
  ].join('')
  if (theme === 'light') return shape + colours(LIGHT)
  if (theme === 'dark') return shape + colours(DARK)
  return `${shape}${colours(LIGHT)}@media(prefers-color-scheme:dark){${colours(DARK)}}`
}

function colours(palette: Palette): string {
  const boxes = Object.entries(palette.boxes).map(
    ([kind, [fill, stroke]]) => `.vg .${kind} rect{fill:${fill};stroke:${stroke}}.vg .${kind} .icon{stroke:${stroke}}`,
  )
  return [
    `.vg .page{fill:${palette.page}}`,
    `.vg .band0{fill:${palette.bands[0]}}.vg .band1{fill:${palette.bands[1]}}.vg .band0,.vg .band1{stroke:${palette.border}}`,
    `.vg text{fill:${palette.text}}`,
    `.vg .sub,.vg .legend,.vg .head,.vg .detail{fill:${palette.muted}}`,
    `.vg .edge path{stroke:${palette.line}}.vg .tip{fill:${palette.line}}`,
    `.vg .edge.miss path,.vg .edge.more path{stroke:${palette.faint}}.vg .tip.miss,.vg .tip.more{fill:${palette.faint}}`,
    `.vg .edge.error path{stroke:${palette.error}}.vg .tip.error{fill:${palette.error}}.vg .edge.error text{fill:${palette.error}}`,
    `.vg .edge text{fill:${palette.muted};stroke:${palette.bands[0]}}.vg .edge .rule{fill:${palette.text}}`,
    ...boxes,
  ].join('')
}
