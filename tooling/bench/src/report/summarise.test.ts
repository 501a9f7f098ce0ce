import { expect, test } from 'vitest'
import { formatTable } from './format-table.ts'
import { createLoadColumns } from './load-columns.ts'
import { median, summarise, type Measurement } from './summarise.ts'

const run = (requestsPerSecond: number, cpuMicrosPerRequest: number | undefined, errors = 0): Measurement => ({
  requests: 1,
  requestsPerSecond,
  p50Micros: 10,
  p99Micros: 20,
  p999Micros: 30,
  errors,
  cpuMicrosPerRequest,
  rssBytes: cpuMicrosPerRequest === undefined ? undefined : 2 ** 21,
})

test('the median of odd and even numbers of values', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([10])).toBe(10)
})

test('rows are medians, errors are summed, and ratios are to each reference that ran', () => {
  const rows = summarise([
    { name: 'vaned', version: '1', runs: [run(100, 20, 1), run(300, 40, 2), run(200, 30)] },
    { name: 'nginx', version: '2', runs: [run(400, 10)] },
    { name: '@fastify/http-proxy', version: '4', runs: [run(50, 60)] },
    { name: 'absent', version: '3', runs: [] },
  ])
  expect(rows).toMatchObject([
    {
      name: 'vaned',
      requestsPerSecond: 200,
      cpuMicrosPerRequest: 30,
      errors: 3,
      ratios: [
        { to: 'nginx', requestsPerSecond: 0.5, cpuMicrosPerRequest: 3, p99Micros: 1 },
        { to: '@fastify/http-proxy', requestsPerSecond: 4, cpuMicrosPerRequest: 0.5, p99Micros: 1 },
      ],
    },
    { name: 'nginx', ratios: [{ cpuMicrosPerRequest: 1 }, {}] },
    { name: '@fastify/http-proxy' },
  ])
})

test('HAProxy stands in for nginx where that does not take part', () => {
  const series = ['vaned', 'haproxy'].map((name) => ({ name, version: '', runs: [run(100, 20)] }))
  expect(summarise(series)[0]?.ratios.map(({ to }) => to)).toEqual(['haproxy'])
  const withNginx = [...series, { name: 'nginx', version: '', runs: [run(100, 10)] }]
  expect(summarise(withNginx)[0]?.ratios.map(({ to }) => to)).toEqual(['nginx'])
})

test('without a reference there is no ratio, and without a proxy neither CPU time nor memory', () => {
  const [row] = summarise([{ name: 'direct', version: '', runs: [run(100, undefined)] }])
  expect(row).toMatchObject({ ratios: [], cpuMicrosPerRequest: undefined, rssBytes: undefined })
  expect(formatTable(createLoadColumns([row!]), [row!]).split('\n')[2]).toMatch(
    /^\| direct +\| +100 \| +- \| +10 \| +20 \| +30 \| +- \| +0 \|$/,
  )
})
