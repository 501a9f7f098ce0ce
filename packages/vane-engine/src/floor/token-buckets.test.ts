import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TokenBuckets } from './token-buckets.ts'

const options = { rate: 10, burst: 5, windowMs: 1_000, maxKeys: 100 }

test('gives exactly its burst at once, and one more whenever one has come back', () => {
  const buckets = new TokenBuckets(options)
  const waits = Array.from({ length: 7 }, () => buckets.take('a', 1_000))
  expect(waits).toEqual([0, 0, 0, 0, 0, 100, 100])
  expect(buckets.take('a', 1_099)).toBeCloseTo(1)
  expect(buckets.take('a', 1_100)).toBe(0)
  expect(buckets.take('a', 1_100)).toBeGreaterThan(0)
})

test('never holds more than its burst', () => {
  const buckets = new TokenBuckets(options)
  buckets.take('a', 0)
  const granted = Array.from({ length: 20 }, () => buckets.take('a', 1_000_000)).filter((wait) => wait === 0)
  expect(granted).toHaveLength(5)
})

test('keys have nothing to do with each other', () => {
  const buckets = new TokenBuckets({ ...options, burst: 1 })
  expect([buckets.take('a', 0), buckets.take('b', 0), buckets.take('a', 0)]).toEqual([0, 0, 100])
})

test('a clock that stands still, or goes back, gives nothing', () => {
  const buckets = new TokenBuckets({ ...options, burst: 1 })
  expect([buckets.take('a', 500), buckets.take('a', 100), buckets.take('a', 100)]).toEqual([0, 100, 100])
})

test('in no stretch of time more than the burst and what came back meanwhile, and nothing below it is refused', () => {
  const steps = fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }), (pauses, rate, burst) => {
      const buckets = new TokenBuckets({ rate, burst, windowMs: 1_000, maxKeys: 10 })
      // The same bucket in whole numbers: thousandths of a token.
      let model = burst * 1_000
      let nowMs = 0
      for (const pause of pauses) {
        nowMs += pause
        model = Math.min(burst * 1_000, model + pause * rate)
        const isDue = model >= 1_000
        expect(buckets.take('k', nowMs) === 0).toBe(isDue)
        if (isDue) model -= 1_000
      }
    }),
  )
})

describe('many keys', () => {
  test('memory is bounded under a million of them', () => {
    const buckets = new TokenBuckets({ ...options, maxKeys: 10_000 })
    let largest = 0
    for (let i = 0; i < 1_000_000; i++) {
      buckets.take(`key ${i}`, 0)
      largest = Math.max(largest, buckets.size)
    }
    expect(largest).toBe(10_000)
  })

  test('whoever is over the limit and goes on asking stays over it, whatever else is asked', () => {
    const buckets = new TokenBuckets({ ...options, burst: 1 })
    expect(buckets.take('hammer', 0)).toBe(0)
    for (let i = 0; i < 1_000; i++) {
      expect(buckets.take('hammer', 0)).toBeGreaterThan(0)
      for (let j = 0; j < 50; j++) buckets.take(`other ${i} ${j}`, 0)
    }
  })

  test('buckets that have filled up again go when others come', () => {
    const buckets = new TokenBuckets(options)
    for (let i = 0; i < 80; i++) buckets.take(`old ${i}`, 0)
    for (let i = 0; i < 40; i++) buckets.take(`new ${i}`, 60_000)
    expect(buckets.size).toBe(40)
  })
})
