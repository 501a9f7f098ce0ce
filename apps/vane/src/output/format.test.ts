import { describe, expect, it } from 'vitest'
import { formatBytes, formatDuration, plural } from './format.ts'

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1_048_575, '1.0 MiB'],
    [1_610_612_736, '1.5 GiB'],
    [2 ** 60, '1024.0 PiB'],
  ])('%i is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('formatDuration', () => {
  it.each([
    [-5, '0 ms'],
    [999, '999 ms'],
    [1_000, '1s'],
    [61_500, '1m 1s'],
    [3_600_000, '1h'],
    [11_520_000, '3h 12m'],
    [90_000_000, '1d 1h'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})

describe('plural', () => {
  it.each([
    [0, '0 entries'],
    [1, '1 entry'],
    [2, '2 entries'],
  ])('%i is %s', (count, text) => {
    expect(plural(count, 'entry', 'entries')).toBe(text)
  })
})
