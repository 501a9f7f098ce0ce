import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'

import { watPlugin, type WatPluginSpec } from 'vane-fixtures'
import { describe, expect, onTestFinished, test } from 'vitest'

import { createWasmRuntime, type WasmRuntimeOptions } from '../src/index.ts'
import { runChild } from './children/_run.ts'
import { bodyOf, openRuntime, recordingLogger, REQUEST, temporaryDir, writeComponent } from './_setup.ts'

const PLUGIN: WatPluginSpec = {
  metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
  handlers: { 'l7-request': { answer: 'short', body: { echo: 'args' } } },
}

/** Loads and calls the plugin in a runtime of its own; answers what was logged. */
async function useOnce(
  path: Awaited<ReturnType<typeof writeComponent>>,
  options: WasmRuntimeOptions,
): Promise<string[]> {
  const { logger, lines } = recordingLogger()
  const runtime = openRuntime({ logger, ...options })
  await runtime.loadComponent(path)
  const site = await runtime.prepareCallSite(path, 'x', '{"v":1}')
  expect(await bodyOf(site.l7Request(REQUEST))).toBe('{"v":1}')
  return lines.map(({ message }) => message)
}

/** An entry as it would have to be written. */
function sealed(content: unknown): Uint8Array {
  const payload = serialize(content)
  return Buffer.concat([Buffer.from(createHash('sha256').update(payload).digest('hex')), payload])
}

/** Proof that nothing was taken apart: no thread could have answered in time. */
const NO_PREPARING = { prepareTimeoutMs: 1 }

describe('the cache', () => {
  test('spares the next start the work', async () => {
    const stateDir = await temporaryDir()
    const path = await writeComponent(await watPlugin(PLUGIN))
    await expect(useOnce(path, { stateDir, ...NO_PREPARING })).rejects.toThrow('preparing took longer than 1 ms')
    expect(await useOnce(path, { stateDir })).toEqual([])
    expect(await useOnce(path, { stateDir, ...NO_PREPARING })).toEqual([])
  })

  test('is one entry, of files that only the owner may read, and no leftovers', async () => {
    const stateDir = await temporaryDir()
    await useOnce(await writeComponent(await watPlugin(PLUGIN)), { stateDir })
    const entries = await readdir(join(stateDir, 'wasm'))
    expect(entries).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
    const dir = join(stateDir, 'wasm', entries[0] ?? '')
    expect(await readdir(dir)).toEqual(['prepared.bin'])
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(dir, 'prepared.bin'))).mode & 0o777).toBe(0o600)
  })

  test('goes by content, not by name', async () => {
    const stateDir = await temporaryDir()
    await useOnce(await writeComponent(await watPlugin(PLUGIN), 'one'), { stateDir })
    await useOnce(await writeComponent(await watPlugin(PLUGIN), 'two'), { stateDir, ...NO_PREPARING })
    await useOnce(await writeComponent(await watPlugin({ ...PLUGIN, memory: { pages: 2 } })), { stateDir })
    expect(await readdir(join(stateDir, 'wasm'))).toHaveLength(2)
  })

  test.each<[string, (file: Buffer) => Uint8Array]>([
    ['it is cut off', (file) => file.subarray(0, 500)],
    ['it is empty', () => Buffer.alloc(0)],
    ['a byte of it was changed', (file) => file.with(file.length - 10, file.at(-10)! ^ 1)],
    ['its digest was changed', (file) => file.with(3, file[3]! ^ 1)],
    ['it is something else', () => Buffer.from(sealed({ key: 'other', prepared: {} }))],
    ['it is of another entry', (file) => sealed({ ...deserialize(file.subarray(64)), key: 'other' })],
  ])('rebuilds an entry when %s', async (_, damage) => {
    const stateDir = await temporaryDir()
    const path = await writeComponent(await watPlugin(PLUGIN))
    await useOnce(path, { stateDir })
    const [key] = await readdir(join(stateDir, 'wasm'))
    const file = join(stateDir, 'wasm', key ?? '', 'prepared.bin')
    await writeFile(file, damage(await readFile(file)))
    expect(await useOnce(path, { stateDir })).toEqual(['plugin cache entry is damaged and is rebuilt'])
    expect(await useOnce(path, { stateDir, ...NO_PREPARING })).toEqual([])
  })

  test('rebuilds an entry whose file is gone', async () => {
    const stateDir = await temporaryDir()
    const path = await writeComponent(await watPlugin(PLUGIN))
    await useOnce(path, { stateDir })
    const [key] = await readdir(join(stateDir, 'wasm'))
    await rm(join(stateDir, 'wasm', key ?? '', 'prepared.bin'))
    expect(await useOnce(path, { stateDir })).toEqual([])
    expect(await useOnce(path, { stateDir, ...NO_PREPARING })).toEqual([])
  })

  test('depends on the memory limit, which is written into it', async () => {
    const stateDir = await temporaryDir()
    const path = await writeComponent(await watPlugin(PLUGIN))
    await useOnce(path, { stateDir })
    await useOnce(path, { stateDir, limits: { plugin: { memoryMb: 2 } } })
    expect(await readdir(join(stateDir, 'wasm'))).toHaveLength(2)
  })

  test('that cannot be written is a warning', async () => {
    const stateDir = join(await temporaryDir(), 'state')
    // A file where the folder should be: nobody, root neither, can write below it.
    await writeFile(stateDir, '')
    expect(await useOnce(await writeComponent(await watPlugin(PLUGIN)), { stateDir })).toEqual([
      'plugin cache entry cannot be written',
    ])
  })

  test('on a file system that takes no files is a warning', async () => {
    const stateDir = '/sys/kernel'
    expect(await useOnce(await writeComponent(await watPlugin(PLUGIN)), { stateDir })).toEqual([
      'plugin cache entry cannot be written',
    ])
  })

  test('on a full disk is a warning, and leaves nothing half written', async () => {
    const stateDir = await temporaryDir()
    const path = await writeComponent(await watPlugin(PLUGIN))
    const { stdout } = await runChild('load-and-call.ts', [path, stateDir], { maxFileBlocks: 4 })
    expect(JSON.parse(stdout)).toMatchObject({
      decision: { tag: 'short' },
      warnings: [{ message: 'plugin cache entry cannot be written', code: 'EFBIG' }],
    })
    expect(await readdir(join(stateDir, 'wasm'))).toEqual([])
    // With room again, as if nothing had been.
    expect(await useOnce(path, { stateDir })).toEqual([])
    expect(await useOnce(path, { stateDir, ...NO_PREPARING })).toEqual([])
  })

  test('may be shared by several processes that load at once', async () => {
    const stateDir = await temporaryDir()
    const path = await writeComponent(await watPlugin(PLUGIN))
    const answers = await Promise.all([1, 2, 3].map(() => runChild('load-and-call.ts', [path, stateDir])))
    for (const { stdout } of answers)
      expect(JSON.parse(stdout)).toMatchObject({ decision: { tag: 'short' }, warnings: [] })
    expect(await readdir(join(stateDir, 'wasm'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
    expect(await useOnce(path, { stateDir, ...NO_PREPARING })).toEqual([])
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
