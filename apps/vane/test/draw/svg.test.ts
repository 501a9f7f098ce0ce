import fc from 'fast-check'
import { XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { drawModel } from '../../src/draw/draw-model.ts'
import { layoutModel } from '../../src/draw/layout-model.ts'
import { toSvg } from '../../src/draw/to-svg.ts'
import { anyGraph, brokenGraph, GraphFixture, manyHosts, under } from './graph-fixture.ts'

const NAME = `"];}<script>alert(1)</script>&amp;\n\u0000\u202e'日本語 🦊\ud800`

function hostile(): string {
  const fixture = new GraphFixture()
  const end = fixture.end()
  const fetch = fixture.middleware(`${NAME}:x`, fixture.fetch(NAME, end, NAME), { rule: NAME })
  const check = fixture.check(
    { op: 'equals', field: `http.header.${NAME}`, value: NAME },
    fetch,
    fixture.end('close', 'unmatched'),
  )
  const graph = fixture.listen(`tcp:unix:${NAME}`, fixture.upgrade(check)).graph()
  return toSvg(drawModel({ ...graph, meta: { ...graph.meta, versionHash: NAME } }, { title: NAME }))
}

describe('an SVG', () => {
  it('is well-formed for every graph', () => {
    fc.assert(
      fc.property(anyGraph(), fc.constantFrom('light', 'dark', 'auto'), (graph, theme) => {
        const svg = toSvg(drawModel(graph), { theme })
        expect(XMLValidator.validate(svg)).toBe(true)
        expect(svg).not.toMatch(/NaN|undefined|Infinity/)
        // XML 1.0 §2.2: what no document may hold, escaped or not.
        expect(svg).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/)
        expect(svg.isWellFormed()).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('is well-formed for graphs that no compiler makes', () => {
    fc.assert(
      fc.property(brokenGraph(), (graph) => {
        const svg = toSvg(drawModel(graph))
        expect(XMLValidator.validate(svg)).toBe(true)
        expect(svg).not.toMatch(/NaN|Infinity/)
      }),
    )
  })

  it('shows hostile names as text and nothing else', () => {
    const svg = hostile()
    expect(XMLValidator.validate(svg)).toBe(true)
    expect(svg).not.toContain('<script')
    expect(svg).not.toMatch(/[\u202e\ud800](?![\udc00-\udfff])/)
    const elements = new Set(svg.match(/<[a-z]+/g))
    const known = new Set(['<svg', '<title', '<desc', '<style', '<defs', '<marker', '<path', '<rect', '<text', '<g'])
    expect([...elements].filter((element) => !known.has(element))).toEqual([])
    const decode: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) =>
      text!.replace(/&([^;]+);/g, (_, name: string) => decode[name]!),
    )
    expect(texts).toContain('"];}<script>alert(1)</script>&amp;␊␀\ufffd\'日本語 🦊\ufffd')
  })

  it('makes ids of letters and digits, whatever its version hash', () => {
    const ids = [...hostile().matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    expect(ids).toHaveLength(6)
    for (const id of ids) expect(id).toMatch(/^vg-[0-9a-z]*-[a-z]+$/i)
  })

  it('loads nothing and runs nothing', () => {
    expect(hostile()).not.toMatch(/<(?:a|image|use|foreignObject|script)\b|xlink|href=|@import|\son[a-z]+=/)
  })

  it('is described for readers who do not see it', () => {
    const svg = toSvg(drawModel(manyHosts(3), { title: 'shop' }))
    expect(svg).toMatch(
      /role="img" aria-labelledby="(\S+) (\S+)"[^]*<title id="\1">shop<\/title>\n<desc id="\2">1 listener · 3 rules/,
    )
    expect(svg).toContain('Listeners: 1, L4: 1, L7 request: 5, L7 response: 1')
  })

  it('follows the reader where no theme is chosen, and only there', () => {
    const model = drawModel(manyHosts(3))
    expect(toSvg(model)).toContain('@media(prefers-color-scheme:dark)')
    expect(toSvg(model, { theme: 'light' })).not.toContain('prefers-color-scheme')
    expect(toSvg(model, { theme: 'dark' })).not.toBe(toSvg(model, { theme: 'light' }))
  })

  it('is the same for the same graph', () => {
    fc.assert(
      fc.property(anyGraph(), (graph) => {
        expect(toSvg(drawModel(structuredClone(graph)))).toBe(toSvg(drawModel(graph)))
      }),
      { numRuns: 20 },
    )
  })
})

describe('the layout of an SVG', () => {
  it('keeps bands apart, boxes in their bands, and boxes off each other', () => {
    fc.assert(
      fc.property(anyGraph(), (graph) => {
        const { bands, boxes, width, height } = layoutModel(drawModel(graph))
        bands.slice(1).forEach((band, at) => expect(band.x).toBeGreaterThan(bands[at]!.x + bands[at]!.width))
        for (const { box, x, y, ...size } of boxes) {
          const band = bands.find(({ band: { id } }) => id === box.band)!
          expect(x).toBeGreaterThan(band.x)
          expect(x + size.width).toBeLessThan(band.x + band.width)
          expect(y).toBeGreaterThan(0)
          expect(y + size.height).toBeLessThan(height)
          expect(x + size.width).toBeLessThan(width)
          const over = boxes.filter(
            (b) => b.x < x + size.width && x < b.x + b.width && b.y < y + size.height && y < b.y + b.height,
          )
          expect(over.map(({ box: { id } }) => id)).toEqual([box.id])
        }
      }),
      { numRuns: 60 },
    )
  })

  it('leads every arrow to the right, or down to the next test', () => {
    fc.assert(
      fc.property(anyGraph(), (graph) => {
        const { boxes, edges } = layoutModel(drawModel(graph))
        const places = new Map(boxes.map((box) => [box.box.id, box]))
        for (const { edge } of edges) {
          const [from, to] = [places.get(edge.from)!, places.get(edge.to)!]
          if (to.x === from.x) expect(from.y + from.height).toBeLessThan(to.y)
          else expect(from.x + from.width).toBeLessThan(to.x)
        }
      }),
    )
  })

  it('puts a list of tests below each other in matching order', () => {
    const fixture = new GraphFixture()
    const end = fixture.end()
    let next = fixture.end('close', 'unmatched')
    for (const name of ['c', 'b', 'a']) next = fixture.check(under(`/${name}`), fixture.fetch(name, end), next)
    const { boxes } = layoutModel(drawModel(fixture.listen('tcp::1', fixture.upgrade(next)).graph()))
    const checks = boxes.filter(({ box }) => box.kind === 'check').toSorted((a, b) => a.y - b.y)
    expect(checks.map(({ box }) => box.label)).toEqual(['path under /a', 'path under /b', 'path under /c'])
    expect(new Set(checks.map(({ x }) => x)).size).toBe(1)
  })

  // With care it would take hours, which the test's own limit of time would end.
  it('lays ten thousand rules out without care rather than never', { timeout: 60_000 }, () => {
    const model = drawModel(manyHosts(10_000), { full: true })
    const { boxes } = layoutModel(model)
    expect(boxes).toHaveLength(10_005)
  })
})
