import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { watPlugin } from 'vane-fixtures'
import { packPackage } from '../src/exports/pack-package.ts'
import { runCommand, runNpm } from '../src/exports/run-command.ts'

const ROOT = join(import.meta.dirname, '../../..')
const INSTALL_TIMEOUT_MS = 300_000
const project = mkdtempSync(join(tmpdir(), 'vane-consumer-'))

beforeAll(async () => {
  const packed = join(project, 'packed')
  mkdirSync(packed)
  const core = await packPackage(join(ROOT, 'packages/vane-core'), packed)
  const wasm = await packPackage(join(ROOT, 'packages/vane-wasm'), packed)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }))
  const types = readOwnVersion('@types/node')
  const args = [
    'install',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    core.tarball,
    wasm.tarball,
    `@types/node@${types}`,
  ]
  await runNpm(args, project)
  copyFileSync(join(import.meta.dirname, 'consumer/use-packages.ts'), join(project, 'use-packages.ts'))
}, INSTALL_TIMEOUT_MS)

afterAll(() => rmSync(project, { recursive: true, force: true }))

function readOwnVersion(name: string): string {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  return devDependencies[name] ?? 'latest'
}

test('the types of the packed packages hold, those they depend on included', { timeout: 60_000 }, async () => {
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use-packages.ts'] }))
  await runCommand(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project], { cwd: project })
})

test('the packed packages load a plugin and call it', { timeout: 60_000 }, async () => {
  const component = await watPlugin({
    metadata: { name: 'gate', exports: [{ name: 'gate', kind: 'l7-request' }] },
    handlers: {
      'l7-request': {
        answer: 'short',
        status: 200,
        body: [{ echo: 'method' }, ' ', { echo: 'uri' }, ' ', { echo: 'args' }],
      },
    },
  })
  const file = join(project, 'gate.wasm')
  writeFileSync(file, component)
  // pnpm's shims set it, and it would let the packages find what they forgot to depend on.
  const { NODE_PATH: _, ...env } = process.env
  const args = ['use-packages.ts', file, join(project, 'state')]
  const output = await runCommand(process.execPath, args, { cwd: project, env })
  expect(JSON.parse(output)).toMatchObject({
    hostCounts: [1, 0],
    refusal: expect.stringContaining('allowed_host'),
    name: 'gate',
    body: 'GET /hello {"a":1}',
    failure: expect.stringContaining('plugin trap'),
  })
})

test("the ten lines of vane-wasm's README run as they stand there", { timeout: 60_000 }, async () => {
  const readme = readFileSync(join(project, 'node_modules/vane-wasm/README.md'), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  expect(example.split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(10)
  const component = await watPlugin({
    metadata: { name: 'hello', exports: [{ name: 'hello', kind: 'l7-request' }] },
    handlers: { 'l7-request': { answer: 'short', body: { echo: 'args' } } },
  })
  writeFileSync(join(project, 'hello.wasm'), component)
  writeFileSync(join(project, 'example.ts'), example)
  const { NODE_PATH: _, ...env } = process.env
  expect(await runCommand(process.execPath, ['example.ts'], { cwd: project, env })).toBe('hello 1 short\n')
})

test('what npm installed is the tarball, with ranges that a registry understands', () => {
  const manifest = JSON.parse(readFileSync(join(project, 'node_modules/vane-wasm/package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  expect(manifest.dependencies['vane-core']).toMatch(/^\d+\.\d+\.\d+$/)
})
