import { expect, test } from 'vitest'
import { parseOpenFilesLimit, raiseOpenFiles } from './open-files.ts'

test('the soft limit is read, a number or none', () => {
  const text = (soft: string): string =>
    `Limit   Soft Limit   Hard Limit   Units\nMax open files            ${soft}      20000      files\n`
  expect(parseOpenFilesLimit(text('1024'))).toBe(1024)
  expect(parseOpenFilesLimit(text('unlimited'))).toBe(Number.POSITIVE_INFINITY)
  expect(parseOpenFilesLimit('')).toBe(0)
})

test('what is allowed already is not touched', () => {
  expect(raiseOpenFiles(1)).toBeGreaterThan(1)
})
