import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: [],
  },
  include: ['**/*.ts'],
}

/** Lints these files, and nothing else, under the repository's configuration; gives what the linter printed. */
function lint(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'vane-lint-'))
  try {
    for (const [path, text] of Object.entries({ ...files, 'tsconfig.json': JSON.stringify(TSCONFIG) })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    // The overrides for single packages hold for paths from the configuration's own folder.
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    const oxlint = join(ROOT, 'node_modules/.bin/oxlint')
    const { status, stdout, stderr } = spawnSync(oxlint, [], { cwd: folder, encoding: 'utf8' })
    return `exit ${status}\n${stdout}${stderr}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const wait = 'const wait = (): Promise<void> => Promise.resolve()\n'

test('clean code passes, so that the failures below mean something', () => {
  expect(lint({ 'src/a.ts': `${wait}await wait()\n` })).toMatch(/^exit 0\n/)
})

test.each<[rule: string, files: Record<string, string>, reason: string]>([
  ['typescript(no-floating-promises)', { 'src/a.ts': `${wait}wait()\n` }, 'Promises must be awaited'],
  [
    'typescript(no-misused-promises)',
    { 'src/a.ts': `${wait};[1].forEach(async () => wait())\n` },
    'Promise returned in function argument',
  ],
  ['typescript(await-thenable)', { 'src/a.ts': 'await 1\n' }, 'non-Promise'],
  [
    'import(no-cycle)',
    {
      'src/a.ts': `import { b } from './b.ts'\nexport const a = b\n`,
      'src/b.ts': `import { a } from './a.ts'\nexport const b = a\n`,
    },
    'Dependency cycle detected',
  ],
  [
    'eslint(no-restricted-imports)',
    { 'src/a.ts': `import ts from 'typescript'\nvoid ts\n` },
    'TypeScript 7 has no programming interface',
  ],
  [
    'eslint(no-restricted-imports)',
    { 'src/a.ts': `import { exec } from 'node:child_process'\nvoid exec\n` },
    'They go through a shell',
  ],
  [
    'eslint(no-restricted-imports)',
    { 'src/a.ts': `import { parse } from 'node:url'\nvoid parse\n` },
    'between two readings a policy is passed',
  ],
  [
    'eslint(no-restricted-imports)',
    { 'src/a.ts': `import { a } from '../dist/a.js'\nvoid a\n` },
    'what a build left behind',
  ],
  ['unicorn(prefer-node-protocol)', { 'src/a.ts': `import { connect } from 'net'\nvoid connect\n` }, 'node:'],
  [
    'vitest(no-disabled-tests)',
    { 'src/a.test.ts': `import { test } from 'vitest'\ntest.skip('x', () => undefined)\n` },
    'test',
  ],
  ['eslint(no-console)', { 'packages/vane-core/src/a.ts': 'console.log(1)\n' }, 'console'],
  [
    'eslint(no-restricted-globals)',
    { 'packages/vane-wasm/src/a.ts': `void fetch('http://localhost')\n` },
    'go through HttpFetchBackend',
  ],
  [
    'eslint(max-params)',
    { 'src/a.ts': 'export const f = (a: 1, b: 2, c: 3, d: 4, e: 5): unknown => [a, b, c, d, e]\n' },
    'too many parameters',
  ],
])('%s %#', (rule, files, reason) => {
  const output = lint(files)
  expect(output).toMatch(/^exit 1\n/)
  expect(output).toContain(rule)
  expect(output).toContain(reason)
})
