import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

test('the compiler does no I/O: it imports itself, vane-core and a hash', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  )
  const imports = files.flatMap((name) => {
    const text = readFileSync(join(import.meta.dirname, name), 'utf8')
    return [...text.matchAll(/\bfrom '([^']+)'/g)].map((match) => ({ name, target: match[1]! }))
  })
  expect(files.length).toBeGreaterThan(10)
  const foreign = imports.map(({ target }) => target).filter((target) => !target.startsWith('.'))
  expect([...new Set(foreign)].toSorted()).toEqual(['node:crypto', 'vane-core'])
  const leaving = imports
    .filter(({ target }) => target.startsWith('.'))
    .map(({ name, target }) => relative(import.meta.dirname, join(import.meta.dirname, dirname(name), target)))
    .filter((path) => path.startsWith('..'))
  expect(leaving).toEqual([])
})
