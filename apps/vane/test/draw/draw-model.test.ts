import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FetchNode, NodeId } from 'vane-core'
import { DRAW_LIMITS, drawModel, type DrawModel } from '../../src/draw/draw-model.ts'
import { anyGraph, brokenGraph, GraphFixture, manyHosts, under } from './graph-fixture.ts'

function boxOf(model: DrawModel, label: string): DrawModel['boxes'][number] {
  const found = model.boxes.filter((box) => box.label === label)
  expect(found, label).toHaveLength(1)
  return found[0]!
}

function shop(): DrawModel {
  const fixture = new GraphFixture()
  const end = fixture.end()
  const stamped = fixture.middleware('stamp:out', end, { kind: 'l7-response', rule: 'api' })
  const closed = fixture.end('close', 'on-error')
  const api = fixture.middleware('auth:check', fixture.fetch('api', stamped, '::1'), { onError: closed, rule: 'api' })
  const health = fixture.respond('health', 204, end)
  const unmatched = fixture.end('close', 'unmatched')
  const path = fixture.check(under('/api'), api, unmatched)
  const host = fixture.dispatch(
    'http.host',
    [
      ['a.test', path],
      ['b.test', health],
      ['c.test', health],
    ],
    unmatched,
  )
  return drawModel(fixture.listen('tcp::8080', fixture.upgrade(host)).graph(), { title: 'shop' })
}

describe('what is drawn of a graph', () => {
  it('shows listeners, tests, middleware, fetches and ends in words', () => {
    const model = shop()
    expect(boxOf(model, ':8080')).toMatchObject({ kind: 'listener', band: 'listeners', details: ['http · 2 rules'] })
    expect(boxOf(model, 'upgrade')).toMatchObject({ kind: 'upgrade', band: 'l4Raw' })
    expect(boxOf(model, 'host')).toMatchObject({ kind: 'dispatch', band: 'l7Request', details: ['3 values'] })
    expect(boxOf(model, 'path under /api')).toMatchObject({ kind: 'check', band: 'l7Request' })
    expect(boxOf(model, 'auth:check')).toMatchObject({ kind: 'plugin', details: ['plugin auth.wasm'] })
    expect(boxOf(model, '→ [::1]:9000')).toMatchObject({ kind: 'fetch', details: ['http_proxy'] })
    expect(boxOf(model, 'static 204')).toMatchObject({ kind: 'fetch', band: 'l7Request' })
    expect(boxOf(model, 'stamp:out')).toMatchObject({ kind: 'plugin', band: 'l7Response' })
    expect(boxOf(model, 'write response')).toMatchObject({ kind: 'terminate', band: 'l7Response' })
    expect(boxOf(model, 'no rule matched')).toMatchObject({ kind: 'close' })
    expect(model.bands.map(({ title }) => title)).toEqual(['Listeners', 'L4', 'L7 request', 'L7 response'])
    expect(model.summary).toBe('1 listener · 2 rules · version 0123456789ab')
    expect(model.note).toBeUndefined()
  })

  it('names a rule on the edge that enters it, and only there', () => {
    const model = shop()
    const named = model.edges.filter(({ rule }) => rule !== undefined)
    const shown = named.map(({ from, to, kind, label, rule }) => ({ from, to, kind, label, rule }))
    expect(shown).toHaveLength(2)
    const [host, path] = [boxOf(model, 'host').id, boxOf(model, 'path under /api').id]
    expect(shown).toContainEqual({
      from: host,
      to: boxOf(model, 'static 204').id,
      kind: 'hit',
      label: 'b.test, c.test',
      rule: 'health',
    })
    expect(shown).toContainEqual({
      from: path,
      to: boxOf(model, 'auth:check').id,
      kind: 'hit',
      label: 'match',
      rule: 'api',
    })
  })

  it('has a band for each phase that a node stands in, in the order of a connection', () => {
    const fixture = new GraphFixture()
    const end = fixture.end()
    const tunnel = fixture.end('byteTunnel')
    const both = fixture.fetch('ws', end)
    fixture.nodes[both] = { ...(fixture.nodes[both] as FetchNode), nextTunnel: tunnel }
    const guard = fixture.middleware('guard:peek', fixture.upgrade(both), { kind: 'l4-peek', rule: 'ws' })
    const sni = fixture.dispatch('tls.sni', [['a.test', guard]], fixture.end('close', 'unmatched'))
    const model = drawModel(fixture.listen('tcp::443', sni).graph())
    expect(model.bands.map(({ id }) => id)).toEqual([
      'listeners',
      'l4Raw',
      'l4Peeked',
      'l7Request',
      'l7Response',
      'tunnel',
    ])
    expect(boxOf(model, 'sni').band).toBe('l4Raw')
    expect(boxOf(model, 'guard:peek').band).toBe('l4Peeked')
    expect(boxOf(model, 'upgrade').band).toBe('l4Peeked')
    expect(boxOf(model, 'byte tunnel').band).toBe('tunnel')
  })

  it('puts a node that is shared by several phases into the last of them', () => {
    const fixture = new GraphFixture()
    const closed = fixture.end('close')
    const late = fixture.upgrade(fixture.check(under('/x'), fixture.fetch('x', fixture.end()), closed))
    const test = { op: 'equals', field: 'remote.port', value: 1 } as const
    // Whichever way the walk takes first.
    for (const entry of [fixture.check(test, closed, late), fixture.check(test, late, closed)]) {
      fixture.listen('tcp::1', entry)
      expect(boxOf(drawModel(fixture.graph()), 'close').band).toBe('l7Request')
    }
  })

  it('labels misses, other values and failures', () => {
    const model = shop()
    const labels = (from: string): string[] =>
      model.edges.filter((edge) => edge.from === boxOf(model, from).id).map(({ kind, label }) => `${kind} ${label}`)
    expect(labels('path under /api')).toEqual(['hit match', 'miss miss'])
    expect(labels('host')).toEqual(['hit a.test', 'hit b.test, c.test', 'miss else'])
    expect(labels('auth:check')).toEqual(['flow ', 'error on error'])
  })

  it('tells rule, file and line of a middleware and a fetch', () => {
    const model = shop()
    expect(boxOf(model, 'auth:check').tooltip.at(-1)).toBe('rule api · rules/10-app.json:7')
    expect(boxOf(model, 'static 204').tooltip.at(-1)).toBe('rule health · rules/10-app.json:7')
  })

  it('draws every node a listener leads to exactly once, and no edge to the left', () => {
    fc.assert(
      fc.property(anyGraph(), (graph) => {
        const model = drawModel(graph, { full: true })
        const ids = model.boxes.map(({ id }) => id)
        expect(new Set(ids).size).toBe(ids.length)
        expect(ids.filter((id) => id.startsWith('n')).toSorted()).toEqual(
          reachable(graph)
            .map((id) => `n${id}`)
            .toSorted(),
        )
        const band = new Map(model.boxes.map((box) => [box.id, model.bands.findIndex(({ id }) => id === box.band)]))
        for (const { from, to } of model.edges) expect(band.get(from)).toBeLessThanOrEqual(band.get(to)!)
        expect(model.note).toBeUndefined()
      }),
    )
  })

  it('is the same for the same graph', () => {
    fc.assert(
      fc.property(anyGraph(), (graph) => {
        expect(drawModel(structuredClone(graph))).toEqual(drawModel(graph))
      }),
    )
  })

  it('ends on graphs that no compiler makes, and has a box for each end of each edge', () => {
    fc.assert(
      fc.property(brokenGraph(), (graph) => {
        const model = drawModel(graph)
        const ids = new Set(model.boxes.map(({ id }) => id))
        for (const { from, to } of model.edges) expect(ids.has(from) && ids.has(to)).toBe(true)
      }),
    )
  })
})

describe('what is left out of a large graph', () => {
  it('draws the first cases of a long dispatch and counts the rest', () => {
    const model = drawModel(manyHosts(100))
    expect(model.edges.filter(({ kind, rule }) => kind === 'hit' && rule !== undefined)).toHaveLength(
      DRAW_LIMITS.maxCases,
    )
    expect(boxOf(model, '… 88 more values')).toMatchObject({ kind: 'more', band: 'l7Request' })
    expect(model.note).toBe('16 of 104 nodes drawn; --full draws them all')
  })

  it('leaves none out that has the room of the box that would say so', () => {
    const model = drawModel(manyHosts(DRAW_LIMITS.maxCases + 1))
    expect(model.boxes.some(({ kind }) => kind === 'more')).toBe(false)
    expect(model.note).toBeUndefined()
  })

  it('draws the first rules of a long chain to their end', () => {
    const fixture = new GraphFixture()
    const end = fixture.end()
    let next = fixture.end('close', 'unmatched')
    for (let at = 499; at >= 0; at--) {
      const rule = `rule-${at}`
      let first = fixture.fetch(rule, end)
      for (let step = 0; step < 4; step++) first = fixture.middleware(`${rule}.${step}`, first, { rule })
      next = fixture.check(under(`/${at}`), first, next)
    }
    const model = drawModel(fixture.listen('tcp::1', fixture.upgrade(next)).graph(), { maxNodes: 20 })
    expect(model.boxes.filter(({ id }) => id.startsWith('n'))).toHaveLength(20)
    expect(model.edges.flatMap(({ rule }) => rule ?? [])).toEqual(['rule-0', 'rule-1', 'rule-2'])
    // The upgrade, the end and three rules of a check, four middlewares and a fetch.
    expect(model.boxes.filter(({ kind }) => kind === 'fetch')).toHaveLength(3)
    expect(boxOf(model, 'write response').kind).toBe('terminate')
    expect(boxOf(model, '… 2983 more nodes').kind).toBe('more')
    expect(model.edges.filter(({ kind }) => kind === 'more')).toHaveLength(1)
  })

  it('gives every listener its share', () => {
    const fixture = new GraphFixture()
    const end = fixture.end()
    const chain = (name: string): NodeId => {
      let next = fixture.end('close', 'unmatched')
      for (let at = 99; at >= 0; at--) next = fixture.check(under(`/${at}`), fixture.fetch(`${name}-${at}`, end), next)
      return fixture.upgrade(next)
    }
    fixture.listen('tcp::1', chain('a')).listen('tcp::2', chain('b'))
    const rules = drawModel(fixture.graph(), { maxNodes: 30 }).edges.flatMap(({ rule }) => rule ?? [])
    expect(rules).toContain('a-0')
    expect(rules).toContain('b-0')
  })

  it('draws everything when asked to', () => {
    const model = drawModel(manyHosts(1_000), { full: true })
    expect(model.boxes).toHaveLength(1_005)
    expect(model.note).toBeUndefined()
  })
})

function reachable({
  nodes,
  entries,
}: {
  readonly nodes: readonly unknown[]
  readonly entries: Readonly<Record<string, NodeId>>
}): number[] {
  const seen = new Set<number>()
  const work: number[] = Object.values(entries)
  for (let id = work.pop(); id !== undefined; id = work.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    // Written apart from the code under test: any number behind a key that names an edge is one.
    for (const [key, value] of Object.entries(nodes[id] as object)) {
      if (key === 'cases') work.push(...(value as [string, number][]).map(([, to]) => to))
      else if (['onMatch', 'onMiss', 'default', 'next', 'onError', 'nextResponse', 'nextTunnel'].includes(key))
        work.push(value as number)
    }
  }
  return [...seen]
}
