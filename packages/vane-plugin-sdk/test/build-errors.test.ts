import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { type BuildError, buildAssemblyScript, buildPlugin, buildWat, type World } from '../src/build/index.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vane-sdk-test-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  return path
}

async function failure(build: Promise<unknown>): Promise<BuildError> {
  return await build.then(
    () => {
      throw new Error('the build succeeded')
    },
    (error: BuildError) => error,
  )
}

const out = (): string => join(folder, 'out.wasm')
const define = (rest: string): string =>
  `import { definePlugin } from 'vane-plugin-sdk'\nimport * as host from 'vane-plugin-sdk/host'\nvoid host\n${rest}`

test('a missing entry', async () => {
  const entry = join(folder, 'none.ts')
  const builds = [
    buildPlugin({ entry }),
    buildWat({ entry, out: out(), world: 'plugin' }),
    buildAssemblyScript({ entry, out: out(), world: 'plugin' }),
  ]
  for (const build of builds) {
    const error = await failure(build)
    expect(error.code).toBe('entry-not-found')
    expect(error.message).toContain(`cannot read the entry ${entry}`)
  }
})

test('a world that does not exist', async () => {
  const entry = await write('world.ts', '')
  const error = await failure(buildPlugin({ entry, world: 'l8-plugin' as World }))
  expect(error.code).toBe('world-not-found')
  expect(error.message).toMatch(/^there is no world "l8-plugin"; the worlds are plugin, l7-plugin, /)
})

test('a syntax error in TypeScript, with its place', async () => {
  await write('bad/other.ts', 'export const a: number = 1\nexport const b = = 2\n')
  const entry = await write('bad/plugin.ts', "export { b } from './other.ts'\n")
  const error = await failure(buildPlugin({ entry }))
  expect(error.code).toBe('syntax')
  expect(error.place).toMatchObject({ line: 2, column: 18 })
  expect(error.message).toMatch(/bad\/other\.ts:2:18: Unexpected "="$/)
})

test('an import that does not resolve, and one of Node', async () => {
  const missing = await failure(buildPlugin({ entry: await write('missing.ts', "import './nowhere.ts'\n") }))
  expect(missing.message).toMatch(/missing\.ts:1:8: Could not resolve "\.\/nowhere\.ts"$/)
  const node = await failure(buildPlugin({ entry: await write('node.ts', "import 'node:fs'\n") }))
  expect(node.message).toContain('a plugin cannot import "node:fs": it runs without Node')
})

test.each([
  ['no plugin', 'export const a = 1', 'it exports no plugin'],
  ['no exports', "export default definePlugin({ name: 'a', version: '1', exports: {} })", 'the plugin has no exports'],
  [
    'an empty name',
    "export default definePlugin({ name: 'a', version: '1', exports: { '': { kind: 'l4-peek', handle() {} } } })",
    'an export has an empty name',
  ],
  [
    'an unknown kind',
    "export default definePlugin({ name: 'a', version: '1', exports: { x: { kind: 'l9', handle() {} } } })",
    'the export "x" has an unknown kind: l9',
  ],
  [
    'a kind without its handler',
    "export const registry = { getMetadata: () => ({ exports: [{ name: 'x', kind: 'l4-peek' }] }) }",
    'the export "x" is of kind l4-peek, but there is no handlerL4Peek',
  ],
  [
    'two exports of one name',
    "export const registry = { getMetadata: () => ({ exports: [{ name: 'x', kind: 'l4-peek' }, { name: 'x', kind: 'l4-peek' }] }) }\nexport const handlerL4Peek = { handle() {} }",
    'two exports have the name "x"',
  ],
  ['a failing top level', "throw new Error('boom')", 'its top level failed: boom'],
  ['a top level without end', 'for (;;) {}', 'its top level failed: Script execution timed out'],
  [
    'a host function at the top level',
    'export const now = host.nowUnixMs()',
    'the host function nowUnixMs cannot be called while the plugin is being loaded',
  ],
])('a plugin with %s', async (name, text, message) => {
  const error = await failure(buildPlugin({ entry: await write(`${name.replaceAll(' ', '-')}.ts`, define(text)) }))
  expect(error.code).toBe('metadata')
  expect(error.message).toContain(message)
})

test('a plugin that does not fit the world it is built for', async () => {
  const entry = await write(
    'peek.ts',
    define(
      "export default definePlugin({ name: 'a', version: '1', exports: { x: { kind: 'l4-peek', handle: () => ({ tag: 'close' }) } } })",
    ),
  )
  const missing = await failure(buildPlugin({ entry, world: 'l4-plugin' }))
  expect(missing.message).toContain('the world l4-plugin needs a handler for l4-bytes, and there is none')
  const extra = await failure(buildPlugin({ entry, world: 'l7-request-plugin' }))
  expect(extra.code).toBe('component')
})

test('WebAssembly text with an error, with its place', async () => {
  const entry = await write('bad.wat', '(module\n  (func (bad))\n)')
  const error = await failure(buildWat({ entry, out: out(), world: 'plugin' }))
  expect(error.code).toBe('syntax')
  expect(error.message).toBe(`${entry}:2:10: unknown operator or unexpected token`)
})

test('a module that lacks what the world exports', async () => {
  const entry = await write('empty.wat', '(module)')
  const error = await failure(buildWat({ entry, out: out(), world: 'l4-peek-plugin' }))
  expect(error.code).toBe('component')
  expect(error.message).toContain('does not fit the world l4-peek-plugin')
  expect(error.message).toContain('vane:plugin/registry@0.1.0')
})

test('AssemblyScript with an error, with its place', async () => {
  const entry = await write('bad-as.ts', 'export function metadata(): i32 {\n  return "text"\n}\n')
  const error = await failure(buildAssemblyScript({ entry, out: out(), world: 'l4-peek-plugin' }))
  expect(error.code).toBe('syntax')
  expect(error.message).toContain('bad-as.ts:2:')
})

test('a failed build leaves nothing behind', async () => {
  expect((await readdir(folder)).filter((name) => name.includes('.wasm'))).toEqual([])
})
