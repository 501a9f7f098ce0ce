import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { watPlugin } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { temporaryDir } from './_setup.ts'

const TCK = new URL('../../vane-plugin-sdk/tck/', import.meta.url)

/** A project with the examples of the kit's README, and this package as the host. */
async function exampleProject(): Promise<string> {
  const readme = await readFile(new URL('README.md', TCK), 'utf8')
  const dir = await temporaryDir()
  await mkdir(join(dir, 'node_modules'))
  for (const name of ['vane-core', 'vane-wasm', 'vane-plugin-sdk']) {
    await symlink(fileURLToPath(new URL(`../../${name}`, import.meta.url)), join(dir, 'node_modules', name))
  }
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  for (const [, file = '', text = ''] of readme.matchAll(/```ts file=(\S+)\n(.*?)```/gs)) {
    await writeFile(join(dir, file), text)
  }
  await copyFile(new URL('_tck-host.ts', import.meta.url), join(dir, 'tck-host.ts'))
  const host = (await readFile(join(dir, 'tck-host.ts'), 'utf8')).replace('../src/index.ts', 'vane-wasm')
  await writeFile(join(dir, 'host.ts'), host.replace('export const vaneWasmHost', 'export const host'))
  return dir
}

function run(dir: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['--conditions=vane-source', ...args], { cwd: dir, timeout: 60_000 })
}

describe('the examples of the README of the compatibility kit', () => {
  test('run.ts runs an area and says what passed', async () => {
    const { stdout, stderr } = await run(await exampleProject(), 'run.ts', 'contract/decision-l4')
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual([
      'passed contract/decision-l4-peek-continue',
      'passed contract/decision-l4-peek-close',
      'passed contract/decision-l4-bytes-continue',
      'passed contract/decision-l4-bytes-tunnel',
      'passed contract/decision-l4-bytes-close',
    ])
  })

  test('run.ts fails with a host that does not keep the contract', async () => {
    const dir = await exampleProject()
    await writeFile(
      join(dir, 'lenient.ts'),
      `import { host as strict } from './strict.ts'
      // A host that takes what it has to refuse, by showing another plugin in its place.
      export const host = { ...strict, load: async (component, setup) => {
        const loaded = await strict.load(component, setup)
        return loaded.tag === 'loaded' ? loaded : { tag: 'loaded', metadata: { exports: [] }, logs: [], metrics: [], close: async () => {} }
      } }`,
    )
    await copyFile(join(dir, 'host.ts'), join(dir, 'strict.ts'))
    await copyFile(join(dir, 'lenient.ts'), join(dir, 'host.ts'))
    const failure: unknown = await run(dir, 'run.ts', 'loading/text').catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FAILED loading/text: a text is refused'),
    })
  })

  test('check.ts tells what a plugin does with rare inputs', async () => {
    const dir = await exampleProject()
    const write = async (code: string): Promise<void> =>
      await writeFile(
        join(dir, 'plugin.wasm'),
        await watPlugin({
          metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
          handlers: { 'l7-request': [{ do: 'wat', code }, { answer: 'continue' }] },
        }),
      )
    await write('')
    expect(await run(dir, 'check.ts')).toEqual({ stdout: 'nothing found\n', stderr: '' })
    await write('(if (i32.eqz (local.get $uri_len)) (then (unreachable)))')
    expect((await run(dir, 'check.ts')).stdout).toBe('export x trapped on empty input: unreachable\n')
  })
})
