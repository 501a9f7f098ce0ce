import { expect, test } from 'vitest'

import { toCacheKey } from './cache-key.ts'

test('changes with the component and with the limits that are written into it', () => {
  const limits = { maxMemoryBytes: 1, maxTableElements: 1 }
  const keys = [
    toCacheKey('1', limits),
    toCacheKey('2', limits),
    toCacheKey('1', { ...limits, maxMemoryBytes: 2 }),
    toCacheKey('1', { ...limits, maxTableElements: 2 }),
  ]
  expect(new Set(keys).size).toBe(4)
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/)
  expect(toCacheKey('1', limits)).toBe(keys[0])
})
