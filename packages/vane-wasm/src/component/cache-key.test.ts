import { expect, test } from 'vitest'

import { toCacheKey } from './cache-key.ts'

test('changes with the bytes and with the limits that are written into them', async () => {
  const limits = { maxMemoryBytes: 1, maxTableElements: 1 }
  const keys = await Promise.all([
    toCacheKey(Uint8Array.of(1), limits),
    toCacheKey(Uint8Array.of(2), limits),
    toCacheKey(Uint8Array.of(1), { ...limits, maxMemoryBytes: 2 }),
    toCacheKey(Uint8Array.of(1), { ...limits, maxTableElements: 2 }),
  ])
  expect(new Set(keys).size).toBe(4)
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/)
  expect(await toCacheKey(Uint8Array.of(1), limits)).toBe(keys[0])
})
