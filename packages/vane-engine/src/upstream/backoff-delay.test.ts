import fc from 'fast-check'
import type { RetryBackoff } from 'vane-core'
import { expect, test } from 'vitest'
import { toBackoffDelayMs } from './backoff-delay.ts'

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const failures = fc.integer({ min: 1, max: 9 })
const exponential = (jitter: boolean): fc.Arbitrary<Extract<RetryBackoff, { kind: 'exponential' }>> =>
  fc
    .tuple(fc.integer({ min: 1, max: 2_073_600_000 }), fc.integer({ min: 1, max: 2_073_600_000 }))
    .map(([a, b]) => ({ kind: 'exponential', baseMs: Math.min(a, b), maxMs: Math.max(a, b), jitter }))

test('none does not wait, fixed waits the same each time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60_000 }), failures, random, (delayMs, count, value) => {
      expect(toBackoffDelayMs({ kind: 'none' }, count, value)).toBe(0)
      expect(toBackoffDelayMs({ kind: 'fixed', delayMs }, count, value)).toBe(delayMs)
    }),
  )
})

test('exponential doubles from base up to max', () => {
  const backoff = { kind: 'exponential', baseMs: 100, maxMs: 1_000, jitter: false } as const
  expect([1, 2, 3, 4, 5, 6].map((count) => toBackoffDelayMs(backoff, count, 0.9))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ])
  fc.assert(
    fc.property(exponential(false), failures, random, (each, count, value) => {
      const delayMs = toBackoffDelayMs(each, count, value)
      expect(delayMs).toBeGreaterThanOrEqual(each.baseMs)
      expect(delayMs).toBeLessThanOrEqual(each.maxMs)
      const nextMs = toBackoffDelayMs(each, count + 1, value)
      expect(nextMs).toBe(Math.min(each.maxMs, 2 * delayMs))
    }),
  )
})

test('jitter takes away up to a half, and never adds', () => {
  fc.assert(
    fc.property(exponential(true), failures, random, (each, count, value) => {
      const wholeMs = toBackoffDelayMs({ ...each, jitter: false }, count, value)
      const delayMs = toBackoffDelayMs(each, count, value)
      expect(delayMs).toBeGreaterThanOrEqual(wholeMs / 2)
      expect(delayMs).toBeLessThanOrEqual(wholeMs)
    }),
  )
  const backoff = { kind: 'exponential', baseMs: 100, maxMs: 100, jitter: true } as const
  expect([0, 0.5].map((value) => toBackoffDelayMs(backoff, 1, value))).toEqual([50, 75])
})
