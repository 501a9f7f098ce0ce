import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Deadline, DeadlineClock } from './deadline-clock.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

function createEntry(clock: DeadlineClock, onDeadline: () => void = () => {}): Deadline & { calls: number } {
  const entry = {
    deadlineMs: Infinity,
    clockIndex: -1,
    calls: 0,
    onDeadline: () => {
      entry.calls++
      onDeadline()
    },
  }
  clock.add(entry)
  return entry
}

test('calls an entry once its time is up, and once only', () => {
  const clock = new DeadlineClock()
  const entry = createEntry(clock)
  clock.set(entry, 1_000)
  vi.advanceTimersByTime(999)
  expect(entry.calls).toBe(0)
  vi.advanceTimersByTime(10)
  expect(entry.calls).toBe(1)
  vi.advanceTimersByTime(10_000)
  expect(entry.calls).toBe(1)
})

test('an earlier deadline is not held up by a later one, nor the later one forgotten', () => {
  const clock = new DeadlineClock()
  const late = createEntry(clock)
  const early = createEntry(clock)
  clock.set(late, 5_000)
  clock.set(early, 100)
  vi.advanceTimersByTime(110)
  expect([early.calls, late.calls]).toEqual([1, 0])
  vi.advanceTimersByTime(5_000)
  expect([early.calls, late.calls]).toEqual([1, 1])
})

test('a deadline that was put off comes when it was put off to', () => {
  const clock = new DeadlineClock()
  const entry = createEntry(clock)
  clock.set(entry, 100)
  vi.advanceTimersByTime(90)
  clock.set(entry, 100)
  vi.advanceTimersByTime(90)
  expect(entry.calls).toBe(0)
  vi.advanceTimersByTime(20)
  expect(entry.calls).toBe(1)
})

test('a time limit runs from the moment that is given with it', () => {
  const clock = new DeadlineClock()
  const entry = createEntry(clock)
  const nowMs = performance.now()
  vi.advanceTimersByTime(3)
  clock.set(entry, 100, nowMs)
  expect(entry.deadlineMs).toBe(nowMs + 100)
  vi.advanceTimersByTime(100)
  expect(entry.calls).toBe(1)
})

test.each([
  ['cleared', (clock: DeadlineClock, entry: Deadline) => clock.clear(entry)],
  ['deleted', (clock: DeadlineClock, entry: Deadline) => clock.delete(entry)],
  ['closed with its clock', (clock: DeadlineClock) => clock.close()],
])('an entry that was %s is not called', (_name, end) => {
  const clock = new DeadlineClock()
  const entry = createEntry(clock)
  clock.set(entry, 100)
  end(clock, entry)
  vi.advanceTimersByTime(1_000)
  expect(entry.calls).toBe(0)
})

test('an entry that another one ends in the same look is not called', () => {
  const clock = new DeadlineClock()
  const first = createEntry(clock, () => clock.clear(second))
  const second = createEntry(clock)
  clock.set(first, 100)
  clock.set(second, 100)
  vi.advanceTimersByTime(200)
  expect([first.calls, second.calls]).toEqual([1, 0])
})

test('entries that come and go leave the others their time', () => {
  const clock = new DeadlineClock()
  const entries = Array.from({ length: 5 }, () => createEntry(clock))
  entries.forEach((entry, index) => clock.set(entry, 100 * (index + 1)))
  clock.delete(entries[1]!)
  clock.delete(entries[4]!)
  clock.delete(entries[1]!)
  clock.add(entries[4]!)
  clock.add(entries[4]!)
  clock.set(entries[4]!, 50)
  vi.advanceTimersByTime(1_000)
  expect(entries.map(({ calls }) => calls)).toEqual([1, 0, 1, 1, 1])
})
