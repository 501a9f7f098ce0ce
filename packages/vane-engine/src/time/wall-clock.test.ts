import { afterEach, expect, test, vi } from 'vitest'
import { WallClock } from './wall-clock.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

function setClocks(unixMs: number, monotonicMs: number): void {
  vi.spyOn(Date, 'now').mockReturnValue(unixMs)
  vi.spyOn(performance, 'now').mockReturnValue(monotonicMs)
}

test('a moment has one time, however far a millisecond has come when it is asked for', () => {
  const clock = new WallClock()
  const told = new Set<number>()
  for (let tenths = 0; tenths < 40; tenths++) {
    setClocks(1_000_000 + Math.floor(tenths / 10), 500 + tenths / 10)
    told.add(clock.toUnixMs(400.45))
  }
  expect([...told]).toEqual([999_900])
})

test('a clock that was set is believed', () => {
  const clock = new WallClock()
  setClocks(1_000_000, 500)
  expect(clock.toUnixMs(500)).toBe(1_000_000)
  setClocks(2_000_000, 500)
  expect(clock.toUnixMs(500)).toBe(2_000_000)
  setClocks(1_000_000, 500)
  expect(clock.toUnixMs(500)).toBe(1_000_000)
})
