import { readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { toCacheKey, TRANSPILER } from './cache-key.ts'

test('changes with the bytes and with what is asked of the transpiler', () => {
  const sync = { asyncImports: [], asyncExports: [] }
  const keys = [
    toCacheKey(Uint8Array.of(1), sync),
    toCacheKey(Uint8Array.of(2), sync),
    toCacheKey(Uint8Array.of(1), { asyncImports: ['a#b'], asyncExports: [] }),
    toCacheKey(Uint8Array.of(1), { asyncImports: [], asyncExports: ['a#b'] }),
  ]
  expect(new Set(keys).size).toBe(4)
  expect(toCacheKey(Uint8Array.of(1), sync)).toBe(keys[0])
})

test('names the transpiler that is installed', async () => {
  const manifest: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  const at = TRANSPILER.lastIndexOf('@')
  expect(manifest).toMatchObject({ dependencies: { [TRANSPILER.slice(0, at)]: TRANSPILER.slice(at + 1) } })
})
