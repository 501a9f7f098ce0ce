import { LIMIT_KEYS } from 'vane-core'
import { proxyCases, tckCases } from 'vane-plugin-sdk/tck'
import { DEFAULT_PLUGIN_LIMITS } from 'vane-wasm'
import { describe, expect, test } from 'vitest'
import { codesOf, tableUnder } from '../src/read-tables.ts'
import { readPage } from '../src/repository.ts'

const page = await readPage('security')
const { columns, rows } = tableUnder(page, 'Limits')
const names = [...tckCases, ...proxyCases].map(({ name }) => name)
const areas = new Set(names.map((name) => name.slice(0, name.indexOf('/') + 1)))
const isCase = (code: string): boolean => names.includes(code) || areas.has(code)

describe('limits of plugins, and the cases of the compatibility kit', () => {
  test('each limit names a case that there is, or a test', () => {
    expect(columns).toEqual(['limit', 'default', 'how it is kept', 'where', 'cases'])
    for (const [limit, , , where, cases = ''] of rows) {
      expect(where, limit).toMatch(/^(?:\[`\S+\.ts`\]\(\S+\) ?)+$/)
      if (/^\[`\S+`\]\(\S+\)$/.test(cases)) continue
      expect(codesOf(cases), limit).not.toEqual([])
      expect(
        codesOf(cases).filter((code) => !isCase(code)),
        limit,
      ).toEqual([])
    }
  })

  test('whatever else on the page looks like a case is one', () => {
    const codes = codesOf(page).filter((code) => /^[a-z]+\/[a-z0-9-]*$/.test(code))
    expect(codes.filter((code) => !isCase(code))).toEqual([])
  })

  test('every area of the kit is on the page', () => {
    const mentioned = codesOf(page)
    for (const area of areas) {
      const isMentioned = mentioned.some((code) => code === area || code.startsWith(area))
      expect(isMentioned, area).toBe(true)
    }
  })

  test('every key that sets a limit is in the table, with its default', () => {
    const keysOf = (limit: string): string[] => codesOf(limit).filter((code) => /^[a-z_]+$/.test(code))
    const byKey = new Map(rows.flatMap(([limit = '', value = '']) => keysOf(limit).map((key) => [key, value] as const)))
    const policyKeys = [
      'allow_insecure',
      'allowed_hosts',
      'allow_private_addresses',
      'max_body_size',
      'default_timeout_ms',
      'default_follow_redirects',
    ]
    expect([...byKey.keys()].toSorted()).toEqual([...Object.keys(LIMIT_KEYS), ...policyKeys].toSorted())
    const { cpuMsPerCall, memoryMb, pool, maxInFlightFetches, maxMetricSeries } = DEFAULT_PLUGIN_LIMITS
    expect(byKey.get('cpu_ms_per_call')).toBe(`${cpuMsPerCall} ms`)
    expect(byKey.get('memory_mb')).toBe(`${memoryMb} MiB`)
    expect(byKey.get('pool')).toBe(`${pool} a call site`)
    expect(byKey.get('max_in_flight_fetches')).toBe(String(maxInFlightFetches))
    expect(byKey.get('max_metric_series')).toBe(`${maxMetricSeries} series`)
  })
})

test('the table of areas in the README of the kit', async () => {
  const readme = await readPage('../packages/vane-plugin-sdk/tck/README')
  const listed = tableUnder(readme, 'Areas').rows.map(([area = '']) => codesOf(area)[0])
  expect(listed.toSorted()).toEqual(
    [...new Set(tckCases.map(({ name }) => name.slice(0, name.indexOf('/') + 1)))].toSorted(),
  )
})
