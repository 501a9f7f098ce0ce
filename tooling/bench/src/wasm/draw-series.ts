/** Values over equal steps of something. */
export interface Series {
  readonly name: string
  readonly values: readonly number[]
}

const WIDTH = 720
const HEIGHT = 260
const LEFT = 56
const RIGHT = 16
const TOP = 40
const BOTTOM = 44
const COLORS = ['#2a6fb0', '#b0562a', '#4a8a3c']
const GRID_LINES = 4

/** Draws series one beside the other over one scale that begins at zero, as SVG that reads on light and dark pages. */
export function drawSeries(title: string, series: readonly Series[]): string {
  const top = niceTop(Math.max(...series.flatMap(({ values }) => values)))
  const toY = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM)
  const partWidth = (WIDTH - LEFT - RIGHT) / series.length
  const grid = Array.from({ length: GRID_LINES + 1 }, (_, i) => {
    const value = (top / GRID_LINES) * i
    const y = toY(value).toFixed(1)
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#8884"/><text x="${LEFT - 8}" y="${y}" dy="4" text-anchor="end">${value}</text>`
  })
  const lines = series.map(({ name, values }, part) => {
    const start = LEFT + part * partWidth
    const step = (partWidth - 12) / Math.max(1, values.length - 1)
    const points = values.map((value, i) => `${(start + i * step).toFixed(1)},${toY(value).toFixed(1)}`).join(' ')
    const color = COLORS[part % COLORS.length]
    return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="2"/><text x="${(start + partWidth / 2).toFixed(1)}" y="${HEIGHT - 16}" text-anchor="middle" fill="${color}">${name}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#888">
<title>${title}</title>
<text x="${LEFT}" y="22" font-size="14">${title}</text>
${[...grid, ...lines].join('\n')}
</svg>
`
}

/** The next of 1, 2, 4 and 8 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 4, 8].find((factor) => factor * power >= value) ?? 10) * power
}
