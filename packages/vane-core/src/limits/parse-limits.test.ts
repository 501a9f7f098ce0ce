import { expect, test } from 'vitest'
import { parsePluginLimits } from 'vane-core'

const parse = (text: string): ReturnType<typeof parsePluginLimits> => parsePluginLimits(text, 'wasm/limits.json')

test('reads the limits of each plugin; what is absent is absent', () => {
  const { limits, diagnostics } = parse(`{
    "$schema": "x", "geo": { "cpu_ms_per_call": 50, "memory_mb": 64, "pool": 8, "max_in_flight_fetches": 2, "max_metric_series": 10,
      "max_body_bytes": 4096 },
    "auth.v2": {}
  }`)
  expect(diagnostics).toEqual([])
  expect([...limits]).toEqual([
    [
      'geo',
      { cpuMsPerCall: 50, memoryMb: 64, pool: 8, maxInFlightFetches: 2, maxMetricSeries: 10, maxBodyBytes: 4096 },
    ],
    ['auth.v2', {}],
  ])
})

test.each([
  ['[]', 'wrong-type', '1:1'],
  ['{ "geo": 1 }', 'wrong-type', '1:10'],
  ['{ "geo": { "memory": 1 } }', 'unknown-key', '1:12'],
  ['{ "geo": { "pool": 0 } }', 'out-of-range', '1:20'],
  ['{ "geo": { "pool": 257 } }', 'out-of-range', '1:20'],
  ['{ "geo": { "memory_mb": 1.5 } }', 'out-of-range', '1:25'],
  ['{ "geo.wasm": {} }', 'invalid-stem', '1:3'],
  ['{ "a/b": {} }', 'invalid-stem', '1:3'],
  ['{ "geo": {}, "geo": {} }', 'duplicate-key', '1:14'],
  ['{ "geo": { "__proto__": 1 } }', 'forbidden-key', '1:12'],
  ['{', 'syntax-error', '1:2'],
])('%s is %s at %s', (text, code, place) => {
  const { diagnostics } = parse(text)
  expect(diagnostics.map(({ span }) => `${span?.line}:${span?.column}`)).toContain(place)
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toContain(code)
})

test('a plugin with a mistake does not take the others with it', () => {
  const { limits, diagnostics } = parse('{ "a": { "pool": "x" }, "b": { "pool": 2 } }')
  expect(diagnostics).toHaveLength(1)
  expect([...limits.keys()]).toEqual(['b'])
})
