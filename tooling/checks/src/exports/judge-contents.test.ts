import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { judgeContents } from './judge-contents.ts'

const SOUND = {
  'README.md': '',
  LICENSE: '',
  'package.json': '{}',
  'dist/index.js': '',
  'dist/index.d.ts': '',
  'src/index.ts': '',
}
const MANIFEST = {
  exports: {
    '.': { 'vane-source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  dependencies: { 'vane-core': '0.1.0', ajv: '^8.17.1' },
}

function judge(files: Record<string, string>, manifest: Record<string, unknown>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'vane-contents-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    return judgeContents(folder, manifest)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('a sound tarball has no complaint', () => {
  expect(judge(SOUND, MANIFEST)).toEqual([])
})

test('a source condition that points at a file which is not published', () => {
  const { 'src/index.ts': _, ...files } = SOUND
  expect(judge(files, MANIFEST)).toEqual([
    'exports → . → vane-source points at ./src/index.ts, which is not in the tarball',
  ])
})

test('a workspace range that was not replaced, a range that means anything, and a git address', () => {
  const dependencies = { 'vane-core': 'workspace:*', ajv: '*' }
  const optionalDependencies = { 'vane-wasm': 'github:a/b' }
  expect(judge(SOUND, { ...MANIFEST, dependencies, optionalDependencies })).toEqual([
    'asks in dependencies for vane-core workspace:*, which no registry can answer',
    'asks in dependencies for ajv *, which no registry can answer',
    'asks in optionalDependencies for vane-wasm github:a/b, which no registry can answer',
  ])
})

test('tests and build records do not belong', () => {
  const files = { ...SOUND, 'src/a.test.ts': '', 'dist/.tsbuildinfo': '', 'test/b.ts': '' }
  expect(judge(files, MANIFEST).toSorted()).toEqual([
    'carries dist/.tsbuildinfo, which is of no use to its users',
    'carries src/a.test.ts, which is of no use to its users',
    'carries test/b.ts, which is of no use to its users',
  ])
})

test('a missing readme and a missing program', () => {
  const { 'README.md': _, ...files } = SOUND
  expect(judge(files, { ...MANIFEST, bin: { vane: './dist/main.js' } })).toEqual([
    'has no README.md',
    'bin → vane points at ./dist/main.js, which is not in the tarball',
  ])
})
