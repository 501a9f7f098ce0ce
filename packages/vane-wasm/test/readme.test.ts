import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { watPlugin } from 'vane-fixtures'
import { expect, test } from 'vitest'

import { temporaryDir } from './_setup.ts'

test('the example of the README runs in a project of its own', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(12)
  const dir = await temporaryDir()
  await mkdir(join(dir, 'node_modules'))
  for (const name of ['vane-core', 'vane-wasm']) {
    await symlink(fileURLToPath(new URL(`../../${name}`, import.meta.url)), join(dir, 'node_modules', name))
  }
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  await writeFile(join(dir, 'example.ts'), example)
  await writeFile(
    join(dir, 'hello.wasm'),
    await watPlugin({
      metadata: { name: 'hello', exports: [{ name: 'hello', kind: 'l7-request' }] },
      handlers: { 'l7-request': { answer: 'short', body: { echo: 'args' } } },
    }),
  )
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--conditions=vane-source', 'example.ts'], {
    cwd: dir,
    timeout: 30_000,
  })
  expect(stderr).toBe('')
  expect(stdout).toBe('hello 1 short\n')
})
