import { expect, test } from 'vitest'
import { formatTable } from './format-table.ts'
import { median, summarise } from './summarise.ts'

const run = (requestsPerSecond: number, cpuMicrosPerRequest: number | undefined, errors = 0) => ({
  requests: 1,
  requestsPerSecond,
  p50Micros: 10,
  p99Micros: 20,
  errors,
  cpuMicrosPerRequest,
})

test('the median of odd and even numbers of values', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([10])).toBe(10)
})

test('rows are medians, errors are summed, and ratios are to nginx', () => {
  const rows = summarise([
    { name: 'vaned', version: '1', runs: [run(100, 20, 1), run(300, 40, 2), run(200, 30)] },
    { name: 'nginx', version: '2', runs: [run(400, 10)] },
    { name: 'absent', version: '3', runs: [] },
  ])
  expect(rows).toMatchObject([
    { name: 'vaned', requestsPerSecond: 200, cpuMicrosPerRequest: 30, errors: 3, throughputRatio: 0.5, cpuRatio: 3 },
    { name: 'nginx', throughputRatio: 1, cpuRatio: 1 },
  ])
  expect(rows).toHaveLength(2)
})

test('without nginx there is no ratio, and without a proxy no CPU time', () => {
  const [row] = summarise([{ name: 'direct', version: '', runs: [run(100, undefined)] }])
  expect(row).toMatchObject({ throughputRatio: undefined, cpuRatio: undefined, cpuMicrosPerRequest: undefined })
  expect(formatTable([row!]).split('\n')[2]).toMatch(/^\| direct +\| +100 \| +- \| +10 \| +20 \| +0 \| +- \| +- \|$/)
})
