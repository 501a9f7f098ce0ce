import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { watPlugin, type WatPluginSpec } from 'vane-fixtures'
import { describe, expect, onTestFinished, test } from 'vitest'

import { createWasmRuntime } from '../src/index.ts'
import { bodyOf, openRuntime, recordingLogger, REQUEST, temporaryDir, writeComponent } from './_setup.ts'

const PLUGIN: WatPluginSpec = {
  metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
  handlers: { 'l7-request': { answer: 'short', body: { echo: 'args' } } },
}

/** Loads and calls the plugin in a runtime of its own; answers what was logged. */
async function useOnce(
  path: Awaited<ReturnType<typeof writeComponent>>,
  options: { stateDir?: string; transpileTimeoutMs?: number },
): Promise<string[]> {
  const { logger, lines } = recordingLogger()
  const runtime = openRuntime({ logger, ...options })
  await runtime.loadComponent(path)
  const site = await runtime.prepareCallSite(path, 'x', '{"v":1}')
  expect(await bodyOf(site.l7Request(REQUEST))).toBe('{"v":1}')
  return lines.map(({ message }) => message)
}

/** Proof that nothing was transpiled: no process could have answered in time. */
const NO_TRANSPILING = { transpileTimeoutMs: 1 }

describe('the cache', () => {
  test('spares the next start the transpiling', async () => {
    const stateDir = await temporaryDir()
    const path = await writeComponent(await watPlugin(PLUGIN))
    await expect(useOnce(path, { stateDir, ...NO_TRANSPILING })).rejects.toThrow(
      'cannot be transpiled: transpiling took longer than 1 ms',
    )
    expect(await useOnce(path, { stateDir })).toEqual([])
    expect(await useOnce(path, { stateDir, ...NO_TRANSPILING })).toEqual([])
  })

  test('is one entry, of files that only the owner may read, and no leftovers', async () => {
    const stateDir = await temporaryDir()
    await useOnce(await writeComponent(await watPlugin(PLUGIN)), { stateDir })
    const entries = await readdir(join(stateDir, 'wasm'))
    expect(entries).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
    const dir = join(stateDir, 'wasm', entries[0] ?? '')
    expect((await readdir(dir)).toSorted()).toEqual([
      'component.core.wasm',
      'component.core2.wasm',
      'component.core3.wasm',
      'glue.js',
      'manifest.json',
    ])
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(dir, 'glue.js'))).mode & 0o777).toBe(0o600)
  })

  test('goes by content, not by name', async () => {
    const stateDir = await temporaryDir()
    await useOnce(await writeComponent(await watPlugin(PLUGIN), 'one'), { stateDir })
    await useOnce(await writeComponent(await watPlugin(PLUGIN), 'two'), { stateDir, ...NO_TRANSPILING })
    await useOnce(await writeComponent(await watPlugin({ ...PLUGIN, memory: { pages: 2 } })), { stateDir })
    expect(await readdir(join(stateDir, 'wasm'))).toHaveLength(2)
  })

  test.each<[string, (dir: string) => Promise<void>]>([
    [
      'a core module is cut off',
      async (dir) => {
        const file = join(dir, 'component.core.wasm')
        await writeFile(file, (await readFile(file)).subarray(0, 50))
      },
    ],
    ['the glue was changed', async (dir) => writeFile(join(dir, 'glue.js'), 'globalThis.vaneCacheRan = 1')],
    ['a file is gone', async (dir) => rm(join(dir, 'component.core2.wasm'))],
    ['the manifest is not JSON', async (dir) => writeFile(join(dir, 'manifest.json'), '{')],
    ['the manifest is something else', async (dir) => writeFile(join(dir, 'manifest.json'), '[]')],
    [
      'the manifest is of another entry',
      async (dir) => {
        const file = join(dir, 'manifest.json')
        await writeFile(file, (await readFile(file, 'utf8')).replace(/"key":"../, '"key":"zz'))
      },
    ],
    [
      'the manifest leads out of the folder',
      async (dir) => {
        const file = join(dir, 'manifest.json')
        await writeFile(file, (await readFile(file, 'utf8')).replace('"glue.js"', '"../glue.js"'))
      },
    ],
  ])('rebuilds an entry when %s', async (_, damage) => {
    const stateDir = await temporaryDir()
    const path = await writeComponent(await watPlugin(PLUGIN))
    await useOnce(path, { stateDir })
    const [key] = await readdir(join(stateDir, 'wasm'))
    await damage(join(stateDir, 'wasm', key ?? ''))
    expect(await useOnce(path, { stateDir })).toEqual(['plugin cache entry is damaged and is rebuilt'])
    expect('vaneCacheRan' in globalThis).toBe(false)
    expect(await useOnce(path, { stateDir, ...NO_TRANSPILING })).toEqual([])
  })

  test('that cannot be written is a warning', async () => {
    const stateDir = join(await temporaryDir(), 'state')
    // A file where the folder should be: nobody, root neither, can write below it.
    await writeFile(stateDir, '')
    expect(await useOnce(await writeComponent(await watPlugin(PLUGIN)), { stateDir })).toEqual([
      'plugin cache entry cannot be written',
    ])
  })

  test('may be shared by several that load at once', async () => {
    const stateDir = await temporaryDir()
    const path = await writeComponent(await watPlugin(PLUGIN))
    expect(await Promise.all([1, 2, 3].map(() => useOnce(path, { stateDir })))).toEqual([[], [], []])
    expect(await readdir(join(stateDir, 'wasm'))).toHaveLength(1)
  })
})

test('without a state folder nothing is kept on disk, and a second load answers from memory', async () => {
  const path = await writeComponent(await watPlugin(PLUGIN))
  const runtime = createWasmRuntime()
  onTestFinished(() => runtime.close())
  const first = await runtime.loadComponent(path)
  expect(await runtime.loadComponent(path)).toBe(first)
})

describe('a file that changes', () => {
  const OTHER: WatPluginSpec = {
    ...PLUGIN,
    metadata: { version: '2.0.0', exports: [{ name: 'x', kind: 'l7-request' }] },
    handlers: { 'l7-request': { answer: 'close' } },
  }

  test('is loaded anew; call sites that exist stay with the old', async () => {
    const path = await writeComponent(await watPlugin(PLUGIN))
    const runtime = openRuntime()
    await runtime.loadComponent(path)
    const old = await runtime.prepareCallSite(path, 'x', '{}')
    await writeFile(path, await watPlugin(OTHER))
    expect(await runtime.loadComponent(path)).toMatchObject({ version: '2.0.0' })
    const fresh = await runtime.prepareCallSite(path, 'x', '{}')
    expect(await bodyOf(old.l7Request(REQUEST))).toBe('{}')
    expect(fresh.l7Request(REQUEST)).toEqual({ tag: 'close' })
    expect(await runtime.invokeL7Request(path, 'x', '{}', REQUEST)).toEqual({ tag: 'close' })
  })

  test('for the worse changes nothing and says so', async () => {
    const path = await writeComponent(await watPlugin(PLUGIN))
    const runtime = openRuntime()
    await runtime.loadComponent(path)
    const whole = await watPlugin(OTHER)
    await writeFile(path, whole.subarray(0, whole.length / 2))
    await expect(runtime.loadComponent(path)).rejects.toThrow(/malformed component/)
    const site = await runtime.prepareCallSite(path, 'x', '{"still":1}')
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('{"still":1}')
  })

  test('loads that come together are one', async () => {
    const path = await writeComponent(await watPlugin(PLUGIN))
    const runtime = openRuntime()
    const [a, b] = await Promise.all([runtime.loadComponent(path), runtime.loadComponent(path)])
    expect(a).toBe(b)
  })
})
