import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkBoundaries } from '../src/boundaries/check-boundaries.ts'
import { BOUNDARIES } from '../src/boundaries/table.ts'
import { formatViolation } from '../src/boundaries/violation.ts'
import { checkWorkspaceWith } from './broken-workspace.ts'

const ROOT = join(import.meta.dirname, '../../..')

test('this repository keeps its boundaries, and the check saw its modules', () => {
  const { violations, moduleCounts } = checkBoundaries(ROOT, BOUNDARIES)
  expect(violations.map(formatViolation)).toEqual([])
  for (const rule of BOUNDARIES.packages)
    expect(moduleCounts.get(rule.name)).toBeGreaterThanOrEqual(rule.minimumModules)
})

test('a workspace in which every boundary is kept passes', () => {
  expect(checkWorkspaceWith({})).toEqual([])
})

describe('who may import whom', () => {
  const cases: [title: string, file: string, source: string, expected: string][] = [
    [
      'vane-core imports another package of ours',
      'packages/vane-core/src/a.ts',
      `\nimport { x } from 'vane-mgmt'`,
      'packages/vane-core/src/a.ts:2:1 vane-core may not import vane-mgmt\n    because vane-core is types and pure parsing',
    ],
    [
      'vane-engine imports vane-wasm',
      'packages/vane-engine/src/a.ts',
      `import { createWasmRuntime } from 'vane-wasm'`,
      'packages/vane-engine/src/a.ts:1:1 vane-engine may not import vane-wasm\n    because vane-engine serves without the wasm feature',
    ],
    [
      'vane-engine imports a type of vane-wasm',
      'packages/vane-engine/src/a.ts',
      `import type { VaneWasmRuntime } from 'vane-wasm'`,
      'a.ts:1:1 vane-engine may not import vane-wasm, types included',
    ],
    [
      'vane-engine names a type of vane-wasm inline',
      'packages/vane-engine/src/a.ts',
      `export type T = Array<import('vane-wasm').VaneWasmRuntime>`,
      'a.ts:1:23 vane-engine may not import vane-wasm, types included',
    ],
    [
      'vane-engine re-exports vane-wasm',
      'packages/vane-engine/src/a.ts',
      `export * from 'vane-wasm'`,
      'a.ts:1:1 vane-engine may not import vane-wasm',
    ],
    [
      'vane-engine re-exports one name of vane-wasm',
      'packages/vane-engine/src/a.ts',
      `export { a as b } from 'vane-wasm'`,
      'a.ts:1:1 vane-engine may not import vane-wasm',
    ],
    [
      'vane-engine imports vane-wasm dynamically',
      'packages/vane-engine/src/a.ts',
      `const x = await import('vane-wasm')`,
      'a.ts:1:17 vane-engine may not import vane-wasm',
    ],
    [
      'vane-engine requires vane-wasm',
      'packages/vane-engine/src/a.ts',
      `createRequire(import.meta.url)('vane-wasm')`,
      'a.ts:1:1 vane-engine may not import vane-wasm',
    ],
    [
      'vane-engine imports vane-wasm the TypeScript way',
      'packages/vane-engine/src/a.ts',
      `import wasm = require('vane-wasm')`,
      'a.ts:1:1 vane-engine may not import vane-wasm',
    ],
    [
      'vane-engine finds vane-wasm on disk',
      'packages/vane-engine/src/a.ts',
      `import.meta.resolve('vane-wasm')`,
      'a.ts:1:1 vane-engine may not import vane-wasm',
    ],
    [
      'a test of vane-engine imports vane-wasm',
      'packages/vane-engine/test/a.test.ts',
      `import 'vane-wasm'`,
      'test/a.test.ts:1:1 vane-engine may not import vane-wasm',
    ],
    [
      'vane-wasm imports vane-engine',
      'packages/vane-wasm/src/a.ts',
      `import type { Engine } from 'vane-engine'`,
      'a.ts:1:1 vane-wasm may not import vane-engine, types included\n    because vane-wasm runs plugins in any program',
    ],
    [
      'vane-wasm imports vane-engine/compile',
      'packages/vane-wasm/src/a.ts',
      `import { compile } from 'vane-engine/compile'`,
      'a.ts:1:1 vane-wasm may not import vane-engine/compile',
    ],
    [
      'vane-mgmt imports vane-engine',
      'packages/vane-mgmt/src/a.ts',
      `import 'vane-engine'`,
      'vane-mgmt may not import vane-engine',
    ],
    [
      'vane-plugin-sdk imports vane-core',
      'packages/vane-plugin-sdk/src/a.ts',
      `import 'vane-core'`,
      'a.ts:1:1 only tests of vane-plugin-sdk may import vane-core\n    because plugin authors',
    ],
    [
      'vaned imports vane-wasm statically',
      'apps/vaned/src/a.ts',
      `import { createWasmRuntime } from 'vane-wasm'`,
      'a.ts:1:1 vaned may name vane-wasm only in import() and in types, not in a static import',
    ],
    [
      'vaned imports only types of vane-wasm but keeps the statement',
      'apps/vaned/src/a.ts',
      `import { type VaneWasmRuntime } from 'vane-wasm'`,
      'a.ts:1:1 vaned may name vane-wasm only in import() and in types, not in a static import',
    ],
    [
      'vane imports all of vane-engine',
      'apps/vane/src/a.ts',
      `import { createEngine } from 'vane-engine'`,
      'a.ts:1:1 vane may import only vane-engine/compile, vane-engine/config of vane-engine, not vane-engine',
    ],
    ['vane imports vaned', 'apps/vane/src/a.ts', `import 'vaned'`, 'vane may not import vaned'],
    [
      'vane imports vane-wasm',
      'apps/vane/src/a.ts',
      `import 'vane-wasm'`,
      'vane may name vane-wasm only in import() and in types',
    ],
    [
      'shipped code imports the plugins for tests',
      'packages/vane-wasm/src/a.ts',
      `import 'vane-fixtures'`,
      'only tests of vane-wasm may import vane-fixtures',
    ],
    [
      'a subpath that is not exported',
      'apps/vaned/src/a.ts',
      `import 'vane-engine/src/engine.ts'`,
      'vane-engine/src/engine.ts is not exported by vane-engine',
    ],
    [
      "another package's files by a relative path",
      'packages/vane-engine/src/a.ts',
      `import '../../vane-wasm/src/index.ts'`,
      '../../vane-wasm/src/index.ts leaves the package',
    ],
    [
      'shipped code imports a file that is not published',
      'packages/vane-mgmt/src/a.ts',
      `import '../test/b.ts'`,
      'imports ../test/b.ts, which is not published with vane-mgmt',
    ],
    [
      'shipped code imports from another folder that is built by itself',
      'packages/vane-mgmt/tck/a.ts',
      `import '../src/b.ts'`,
      'imports ../src/b.ts, which is not published with vane-mgmt, or not in the same folder',
    ],
    [
      'a computed import without a row',
      'packages/vane-engine/src/a.ts',
      'await import(`vane-${name}`)',
      'a.ts:1:7 imports a module whose name is computed',
    ],
    ['a file that does not parse', 'packages/vane-engine/src/a.ts', 'import {', 'a.ts:1:1 cannot be parsed'],
  ]
  test.each(cases)('%s', (_title, file, source, expected) => {
    const violations = checkWorkspaceWith({ [file]: source })
    expect(violations).toHaveLength(1)
    expect(violations[0]).toContain(expected)
  })

  test.each([
    ['the daemon imports vane-wasm when it is asked to', 'apps/vaned/src/a.ts', `await import('vane-wasm')`],
    ['the daemon names its types', 'apps/vaned/src/a.ts', `import type { VaneWasmRuntime } from 'vane-wasm'`],
    [
      'the command line imports vane-wasm when a rule names a plugin',
      'apps/vane/src/a.ts',
      `await import('vane-wasm')`,
    ],
    ['the command line compiles', 'apps/vane/src/a.ts', `import 'vane-engine/compile'`],
    ['a test uses the plugins for tests', 'packages/vane-wasm/src/a.test.ts', `import 'vane-fixtures'`],
    ['a package imports itself by name', 'packages/vane-core/test/a.test.ts', `import 'vane-core'`],
    [
      'an import in a comment or a string',
      'packages/vane-engine/src/a.ts',
      `// import 'vane-wasm'\nexport const a = "import 'vane-wasm'"`,
    ],
  ])('%s', (_title, file, source) => {
    expect(checkWorkspaceWith({ [file]: source })).toEqual([])
  })
})

describe('I/O in vane-core', () => {
  test.each([
    ['node:fs', `import { readFileSync } from 'node:fs'`, 'vane-core may not import node:fs'],
    ['node:http', `import { request } from 'node:http'`, 'vane-core may not import node:http'],
    ['a built-in without its prefix', `import 'http'`, 'imports the built-in http without its node: prefix'],
    [
      'node:fs/promises outside the policy file',
      `import { readFile } from 'node:fs/promises'`,
      'only src/policy/read-policy-file.ts of vane-core may import node:fs/promises',
    ],
    [
      'a socket from node:net',
      `import { isIP, connect } from 'node:net'`,
      'vane-core may not import connect from node:net, only isIP',
    ],
    [
      'all of node:net',
      `import * as net from 'node:net'`,
      'vane-core may not import all of node:net, only the names isIP',
    ],
    ['a built-in without an import', `process.getBuiltinModule('node:dns')`, 'vane-core may not import node:dns'],
  ])('%s', (_title, source, expected) => {
    const violations = checkWorkspaceWith({ 'packages/vane-core/src/a.ts': `${source}\n` })
    expect(violations[0]).toContain(`packages/vane-core/src/a.ts:1:1 ${expected}`)
  })

  test('the policy file may read, but not write', () => {
    const file = 'packages/vane-core/src/policy/read-policy-file.ts'
    expect(checkWorkspaceWith({ [file]: `import { open } from 'node:fs/promises'` })).toEqual([])
    const [violation] = checkWorkspaceWith({ [file]: `import { writeFile } from 'node:fs/promises'` })
    expect(violation).toContain(
      `${file}:1:1 vane-core may not import writeFile from node:fs/promises, only constants, lstat, open`,
    )
  })

  test('tests may do what they like', () => {
    expect(
      checkWorkspaceWith({ 'packages/vane-core/src/a.test.ts': `import { createServer } from 'node:net'` }),
    ).toEqual([])
  })

  test('an installed package that vane-core needs does I/O', () => {
    const violations = checkWorkspaceWith({
      'packages/vane-core/src/index.ts': `import 'left-pad'`,
      'node_modules/left-pad/package.json': '{ "name": "left-pad", "main": "index.js" }',
      'node_modules/left-pad/index.js': `const fs = require('fs')\nmodule.exports = fs`,
    })
    expect(violations[0]).toContain(
      'node_modules/left-pad/index.js:1:12 vane-core reaches node:fs: packages/vane-core/src/index.ts → node_modules/left-pad/index.js → node:fs',
    )
  })
})

describe('what stands behind vane-engine/compile', () => {
  const entry = 'packages/vane-engine/src/compile/index.ts'
  test.each(['net', 'tls', 'http', 'http2', 'https', 'fs', 'fs/promises', 'dgram', 'child_process'])(
    'node:%s',
    (name) => {
      const violations = checkWorkspaceWith({
        [entry]: `import { lower } from './lower.ts'`,
        'packages/vane-engine/src/compile/lower.ts': `import '../listen/bind.ts'`,
        'packages/vane-engine/src/listen/bind.ts': `\nimport 'node:${name}'`,
      })
      expect(violations).toHaveLength(1)
      expect(violations[0]).toContain(
        `packages/vane-engine/src/listen/bind.ts:2:1 vane-engine/compile reaches node:${name}: ${entry} → packages/vane-engine/src/compile/lower.ts → packages/vane-engine/src/listen/bind.ts → node:${name}`,
      )
      expect(violations[0]).toContain('because vane-engine/compile is a pure function')
    },
  )

  test('by way of another package', () => {
    const violations = checkWorkspaceWith({
      [entry]: `import 'vane-core'`,
      'packages/vane-core/src/index.ts': `export * from './a.ts'`,
      'packages/vane-core/src/a.ts': `import { isIP } from 'node:net'`,
    })
    expect(violations.some((text) => text.includes('vane-engine/compile reaches node:net'))).toBe(true)
  })

  test('a type is erased and reaches nothing', () => {
    expect(checkWorkspaceWith({ [entry]: `import type { Socket } from 'node:net'` })).toEqual([])
  })

  test('a missing entry point', () => {
    const violations = checkWorkspaceWith({
      'packages/vane-engine/package.json': '{ "name": "vane-engine", "exports": {} }',
    })
    expect(violations[0]).toContain('packages/vane-engine/package.json:1:1 has no ./compile in exports')
  })
})

describe('what stands behind vane-engine/config', () => {
  const entry = 'packages/vane-engine/src/config/index.ts'

  test('files may be read', () => {
    expect(checkWorkspaceWith({ [entry]: `import 'node:fs'\nimport 'node:fs/promises'` })).toEqual([])
  })

  test.each(['net', 'tls', 'http'])('node:%s', (name) => {
    const violations = checkWorkspaceWith({ [entry]: `import 'node:${name}'` })
    expect(violations).toHaveLength(1)
    expect(violations[0]).toContain(`vane-engine/config reaches node:${name}`)
  })
})

describe('package.json', () => {
  const manifest = (name: string, fields: object): string =>
    JSON.stringify({ name, exports: { '.': './src/index.ts' }, ...fields }, null, 2)

  test.each([
    [
      'a dependency that is not allowed',
      'packages/vane-wasm',
      { dependencies: { 'vane-engine': 'workspace:*' } },
      ':7:5 vane-wasm may not have vane-engine in dependencies',
    ],
    [
      'a dependency for tests only',
      'packages/vane-wasm',
      { devDependencies: { 'vane-engine': 'workspace:*' } },
      ':7:5 vane-wasm may not have vane-engine in devDependencies',
    ],
    [
      'plugins for tests, shipped',
      'packages/vane-wasm',
      { dependencies: { 'vane-fixtures': 'workspace:*' } },
      ':7:5 vane-wasm may have vane-fixtures only in devDependencies, not in dependencies',
    ],
    [
      'the optional package as a fixed one',
      'apps/vaned',
      { dependencies: { 'vane-wasm': 'workspace:*' } },
      ':7:5 vaned may have vane-wasm only in optionalDependencies, not in dependencies',
    ],
    [
      'a version from the registry',
      'packages/vane-wasm',
      { dependencies: { 'vane-core': '^0.1.0' } },
      ':7:5 vane-core is a package of this workspace; write workspace:* instead of ^0.1.0',
    ],
  ])('%s', (_title, folder, fields, expected) => {
    const violations = checkWorkspaceWith({ [`${folder}/package.json`]: manifest(folder.split('/')[1] ?? '', fields) })
    expect(violations[0]).toContain(`${folder}/package.json${expected}`)
  })
})

describe('the check itself', () => {
  test('a package that lost its modules', () => {
    const violations = checkWorkspaceWith({}, BOUNDARIES)
    expect(violations).toHaveLength(BOUNDARIES.packages.length + BOUNDARIES.closures.length)
    expect(violations[0]).toMatch(
      /^packages\/vane-core\/package.json:1:1 saw 1 modules where at least \d+ are expected/,
    )
  })

  test('a package without a row', () => {
    const violations = checkWorkspaceWith({ 'packages/vane-extra/package.json': '{ "name": "vane-extra" }' })
    expect(violations[0]).toContain('packages/vane-extra/package.json:1:1 vane-extra has no row in the table')
  })

  test('a row without a package', () => {
    const violations = checkWorkspaceWith({ 'packages/vane-mgmt/package.json': '{ "name": "vane-other" }' })
    expect(violations.join('\n')).toContain('vane-mgmt is in the table but not in packages/vane-mgmt')
  })
})
