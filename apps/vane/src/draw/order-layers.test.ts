import fc from 'fast-check'
import { expect, it } from 'vitest'
import { orderLayers, type LayerLink } from './order-layers.ts'

function link(from: string, to: string, fromPort: number = 0.5, toPort: number = 0.5): LayerLink {
  return { from, to, fromPort, toPort }
}

function crossings(layers: readonly (readonly string[])[], links: readonly (readonly LayerLink[])[]): number {
  let count = 0
  links.forEach((pieces, at) => {
    const start = ({ from, fromPort }: LayerLink): number => layers[at]!.indexOf(from) + fromPort
    const end = ({ to, toPort }: LayerLink): number => layers[at + 1]!.indexOf(to) + toPort
    for (const a of pieces) for (const b of pieces) if (start(a) < start(b) && end(a) > end(b)) count++
  })
  return count
}

it('keeps the order of what does not cross', () => {
  const layers = [
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]
  expect(orderLayers([layers], [[link('a', 'c'), link('a', 'd'), link('b', 'e')]])).toEqual(layers)
})

it('undoes crossings', () => {
  const links = [
    [link('a', 'd'), link('b', 'c')],
    [link('c', 'f'), link('d', 'e')],
  ]
  const ordered = orderLayers(
    [
      [
        ['a', 'b'],
        ['c', 'd'],
        ['f', 'e'],
      ],
    ],
    links,
  )
  expect(crossings(ordered, links)).toBe(0)
})

it('sorts the ends of lines from one box by their ports', () => {
  const links = [[link('a', 'x', 0.9), link('a', 'y', 0.5), link('a', 'z', 0.1)]]
  expect(orderLayers([[['a'], ['x', 'y', 'z']]], links)).toEqual([['a'], ['z', 'y', 'x']])
})

it('never ends with more crossings than it began with, nor with other items', () => {
  const ids = (layer: number): string[] => Array.from({ length: 6 }, (_, at) => `${layer}.${at}`)
  const anyLinks = (layer: number): fc.Arbitrary<LayerLink[]> =>
    fc.array(
      fc.tuple(fc.constantFrom(...ids(layer)), fc.constantFrom(...ids(layer + 1))).map(([from, to]) => link(from, to)),
      { maxLength: 12 },
    )
  fc.assert(
    fc.property(anyLinks(0), anyLinks(1), (first, second) => {
      const start = [ids(0), ids(1), ids(2)]
      const ordered = orderLayers([start], [first, second])
      expect(crossings(ordered, [first, second])).toBeLessThanOrEqual(crossings(start, [first, second]))
      expect(ordered.map((layer) => layer.toSorted())).toEqual(start)
    }),
  )
})
