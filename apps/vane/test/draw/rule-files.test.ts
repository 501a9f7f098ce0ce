import { XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import type { SymbolicFlowGraph } from 'vane-core'
import { compile } from 'vane-engine/compile'
import { drawModel } from '../../src/draw/draw-model.ts'
import { toSvg } from '../../src/draw/to-svg.ts'

function compiled(rules: readonly unknown[]): SymbolicFlowGraph {
  const { graph, diagnostics } = compile({ files: [{ path: 'rules/app.json', text: JSON.stringify({ rules }) }] })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return graph!
}

function proxy(name: string, match: readonly unknown[], listen: string = ':8080'): unknown {
  return { name, listen: [listen], match, terminate: { type: 'http_proxy', upstream: '127.0.0.1:9000' } }
}

describe('a picture of rule files', () => {
  it('names every rule on an arrow', () => {
    const rules = [
      proxy('api', [{ 'http.host': { equals: 'a.test' } }, { 'http.uri.path': { path_prefix: '/api' } }]),
      proxy('site', [{ 'http.host': { in: ['a.test', 'www.a.test'] } }]),
      proxy('internal', [{ 'remote.ip': { cidr: '10.0.0.0/8' } }], '127.0.0.1:9090'),
      {
        name: 'health',
        listen: [':8080'],
        match: { 'http.uri.path': { equals: '/healthz' } },
        terminate: { type: 'static', status: 200 },
      },
    ]
    const model = drawModel(compiled(rules))
    const names = new Set(model.edges.flatMap(({ rule }) => rule ?? []))
    expect([...names].toSorted()).toEqual(['api', 'health', 'internal', 'site'])
    expect(
      model.boxes
        .filter(({ kind }) => kind === 'listener')
        .map(({ label }) => label)
        .toSorted(),
    ).toEqual(['127.0.0.1:9090', ':8080'])
    expect(model.boxes.some(({ kind }) => kind === 'missing')).toBe(false)
    expect(XMLValidator.validate(toSvg(model))).toBe(true)
  })

  it('shows which rules are found apart, and where one of them is chosen', () => {
    const rules = Array.from({ length: 120 }, (_, at) =>
      proxy(`rule-${String(at).padStart(3, '0')}`, [
        at % 2 === 0 ? { 'http.host': { equals: `h${at}.test` } } : { 'http.uri.path': { path_prefix: `/p${at}` } },
      ]),
    )
    const graph = compiled(rules)
    const model = drawModel(graph, { full: true })
    const chosen = model.boxes.find(({ kind }) => kind === 'choose')
    expect(chosen).toMatchObject({ label: 'first that holds', band: 'l7Request' })
    expect(model.boxes.filter(({ kind }) => kind === 'candidate')).toHaveLength(120)
    expect(model.edges.filter(({ label, rule }) => label === 'if first' && rule !== undefined)).toHaveLength(120)
    expect(XMLValidator.validate(toSvg(model))).toBe(true)
  })

  it('of ten thousand rules is small', () => {
    const rules = Array.from({ length: 10_000 }, (_, at) =>
      proxy(`rule-${at}`, [{ 'http.host': { equals: `h${at}.test` } }, { 'http.uri.path': { path_prefix: '/app' } }]),
    )
    const graph = compiled(rules)
    const model = drawModel(graph)
    const svg = toSvg(model)
    expect(svg.length).toBeLessThan(200_000)
    expect(model.note).toMatch(/^\d+ of \d{5} nodes drawn/)
  })
})
