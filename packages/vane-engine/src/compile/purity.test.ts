import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the compiler does no I/O: it imports itself, vane-core and a hash', () => {
  const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  const imported = sources.flatMap((text) => [...text.matchAll(/\bfrom '([^']+)'/g)].map((match) => match[1]!))
  const foreign = new Set(imported.filter((name) => !/^\.\.?\//.test(name)))
  expect(sources.length).toBeGreaterThan(10)
  expect([...foreign].toSorted()).toEqual(['node:crypto', 'vane-core'])
  const leaving = imported.filter((name) => /^\.\.\/(?:\.\.\/|(?!analyze|group-listeners|compile))/.test(name))
  expect(leaving).toEqual([])
})
