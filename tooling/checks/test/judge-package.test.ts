import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { judgePackage } from '../src/exports/judge-package.ts'
import { packPackage } from '../src/exports/pack-package.ts'

const folder = mkdtempSync(join(tmpdir(), 'vane-judge-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Packs a made-up package and gives every complaint about it, as one text. */
async function judge(name: string, exports: unknown, files: Record<string, string>): Promise<string> {
  const root = join(folder, name)
  const manifest = { name, version: '1.0.0', license: 'MIT', type: 'module', engines: { node: '>=24' }, exports }
  const all = { ...files, 'package.json': JSON.stringify(manifest), 'README.md': '', LICENSE: '' }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const destination = join(folder, `${name}-packed`)
  mkdirSync(destination)
  return (await judgePackage(await packPackage(root, destination))).join('\n')
}

const FILES = { 'dist/index.js': 'export const a = 1\n', 'dist/index.d.ts': 'export declare const a: number\n' }

test('a sound package has no complaint', async () => {
  const exports = {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  }
  expect(await judge('sound', exports, FILES)).toBe('')
})

test('types behind the default condition are never found, and publint says so', async () => {
  const exports = {
    '.': { default: './dist/index.js', types: './dist/index.d.ts' },
    './package.json': './package.json',
  }
  expect(await judge('misordered', exports, FILES)).toContain('publint: pkg.exports["."].types should be the first')
})

test('types that import without an ending resolve to nothing, and attw says so', async () => {
  const exports = {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  }
  const files = {
    ...FILES,
    'dist/index.d.ts': `export * from './other'\n`,
    'dist/other.d.ts': 'export declare const a: number\n',
  }
  expect(await judge('endingless', exports, files)).toContain('attw: ')
})
