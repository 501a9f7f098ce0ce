import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawModel } from '../../src/draw/draw-model.ts'
import { toDot } from '../../src/draw/to-dot.ts'
import { toMermaid } from '../../src/draw/to-mermaid.ts'
import { anyGraph, brokenGraph, GraphFixture, manyHosts } from './graph-fixture.ts'

function named(name: string): ReturnType<typeof drawModel> {
  const fixture = new GraphFixture()
  const fetch = fixture.fetch(name, fixture.end())
  return drawModel(
    fixture.listen('tcp::1', fixture.upgrade(fixture.dispatch('http.host', [[name, fetch]], fetch))).graph(),
    { title: name },
  )
}

/** What is left of a text when its strings are taken out. */
function outside(text: string, string: RegExp): string {
  return text.replaceAll(string, '§')
}

const DOT_STRING = /"(?:[^"\\]|\\.)*"/g
const MERMAID_STRING = /"[^"]*"/g

describe('DOT', () => {
  it('has nothing of a name outside its strings', () => {
    fc.assert(
      fc.property(fc.oneof(anyGraph(), brokenGraph()), (graph) => {
        const rest = outside(toDot(drawModel(graph)), DOT_STRING)
        expect(rest).toMatch(/^[\w\s{}[\]§=,;.>-]*$/)
        expect(rest.split('{').length).toBe(rest.split('}').length)
      }),
    )
  })

  it.each([
    ['"];}', String.raw`"\"];}"`],
    [String.raw`\N\l`, String.raw`"\\N\\l"`],
    ['a&amp;b', '"a&amp;amp;b"'],
    ['two\nlines', '"two␊lines"'],
    ['日本語 🦊', '"日本語 🦊"'],
    ['trailing\\', String.raw`"trailing\\"`],
  ])('writes the name %j as %s', (name, quoted) => {
    expect(toDot(named(name))).toContain(quoted.slice(0, -1))
    expect(outside(toDot(named(name)), DOT_STRING)).toMatch(/^[\w\s{}[\]§=,;.>-]*$/)
  })

  it('has each band as a cluster that holds its boxes', () => {
    const dot = toDot(drawModel(manyHosts(3)))
    expect([...dot.matchAll(/subgraph (cluster_\w+)/g)].map(([, name]) => name)).toEqual([
      'cluster_listeners',
      'cluster_l4Raw',
      'cluster_l7Request',
      'cluster_l7Response',
    ])
    const request = /subgraph cluster_l7Request \{([^]*?)\n  \}/.exec(dot)![1]!
    expect(request.match(/^ +b\d+ \[/gm)).toHaveLength(5)
    expect(dot).toMatch(/b\d+ -> b\d+ \[label="h0\.test\\nrule-0"/)
  })
})

describe('Mermaid', () => {
  it('has nothing of a name outside its strings, and no syntax inside them', () => {
    fc.assert(
      fc.property(fc.oneof(anyGraph(), brokenGraph()), (graph) => {
        const text = toMermaid(drawModel(graph))
        const [, ...lines] = outside(text, MERMAID_STRING).split('\n')
        for (const line of lines) {
          if (line.startsWith('  acc')) expect(line).toMatch(/^ {2}acc(Title|Descr): [\p{L}\p{N} .,/_-]+$/u)
          else
            expect(line).toMatch(
              /^ *(?:subgraph \w+\[§\]|end|b\d+[([{]+§[)\]}]+:::\w+|b\d+ -[-.]+>(\|§\|)? b\d+|classDef [\w :#,-]+)?$/,
            )
        }
        for (const [string] of text.matchAll(MERMAID_STRING)) {
          expect(string.slice(1, -1).replaceAll('<br/>', '')).toMatch(/^(?:#\d+;|[^"#;<>`%\\&\n])*$/)
        }
      }),
    )
  })

  it.each([
    ['"];}', '#34;]#59;}'],
    ['<script>', '#60;script#62;'],
    ['#35;', '#35;35#59;'],
    ['%%{init}%%', '#37;#37;{init}#37;#37;'],
    ['`md`', '#96;md#96;'],
    ['style x:#fff;', '#115;tyle x:#35;fff#59;'],
    ['日本語 🦊', '日本語 #129418;'],
  ])('writes the name %j as %s', (name, escaped) => {
    expect(toMermaid(named(name))).toContain(`|"${escaped}<br/>${escaped}"|`)
  })

  it('has each band as a subgraph that holds its boxes', () => {
    const text = toMermaid(drawModel(manyHosts(3)))
    expect([...text.matchAll(/subgraph (\w+)/g)].map(([, name]) => name)).toEqual([
      'band_listeners',
      'band_l4Raw',
      'band_l7Request',
      'band_l7Response',
    ])
    const request = /subgraph band_l7Request[^\n]*\n([^]*?)\n {2}end/.exec(text)![1]!
    expect(request.split('\n')).toHaveLength(5)
  })

  it('stays below what Mermaid draws by default', () => {
    const text = toMermaid(drawModel(manyHosts(10_000)))
    expect(text.length).toBeLessThan(50_000)
    expect(text.match(/ -[-.]+> /g)?.length ?? 0).toBeLessThan(500)
  })
})
