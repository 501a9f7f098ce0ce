import { expect, test } from 'vitest'
import { drawSeries } from './draw-series.ts'

test('series share a scale that begins at zero and holds the largest value', () => {
  const svg = drawSeries('title', [
    { name: 'low', values: [0, 100] },
    { name: 'high', values: [200, 300] },
  ])
  const labels = Array.from(svg.matchAll(/text-anchor="end">(\d+)</g), ([, label]) => Number(label))
  expect(labels).toEqual([0, 100, 200, 300, 400])
  const ys = Array.from(svg.matchAll(/points="([^"]+)"/g), ([, points]) =>
    points!.split(' ').map((point) => Number(point.split(',')[1])),
  )
  expect(ys[0]![0]).toBeGreaterThan(ys[0]![1]!)
  expect(ys[0]![1]).toBeGreaterThan(ys[1]![0]!)
  expect(svg).toContain('>low</text>')
})
