import { expect, test } from 'vitest'
import { checkBars } from './check-bars.ts'
import { summarise, type Series } from './summarise.ts'

const series = (name: string, cpuMicrosPerRequest: number, p99Micros = 10): Series => ({
  name,
  version: '',
  runs: [
    {
      requests: 1,
      requestsPerSecond: 1,
      p50Micros: 1,
      p99Micros,
      p999Micros: 1,
      errors: 0,
      cpuMicrosPerRequest,
      rssBytes: 1,
    },
  ],
})

test('each aim is checked against the proxy it is about, where that ran', () => {
  const rows = summarise([series('vaned', 30, 25), series('nginx', 20), series('@fastify/http-proxy', 50)])
  expect(checkBars('small', rows)).toEqual([
    "reached  CPU per request 1.50 × nginx's, aim 2",
    "MISSED   CPU per request 0.60 × @fastify/http-proxy's, aim 0.5",
  ])
  expect(checkBars('half-load', rows)).toEqual(["MISSED   p99 2.50 × nginx's, aim 2"])
  expect(checkBars('16k', rows)).toEqual([])
  expect(checkBars('small', rows.slice(1))).toEqual([])
})
