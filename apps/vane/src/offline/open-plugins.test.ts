import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openPluginsFor } from './open-plugins.ts'

function missing(name: string): Error {
  return Object.assign(new Error(`Cannot find package '${name}' imported from here`), { code: 'ERR_MODULE_NOT_FOUND' })
}

test('without vane-wasm there is nothing to look into plugins with', async () => {
  const open = openPluginsFor({}, () => Promise.reject(missing('vane-wasm')))
  expect(await open({})).toBeUndefined()
})

test('a broken installation is not taken for a missing one', async () => {
  const open = openPluginsFor({}, () => Promise.reject(missing('vane-core')))
  await expect(open({})).rejects.toThrow("Cannot find package 'vane-core'")
})

/** What the runtime is made with. */
async function optionsWith(variables: Readonly<Record<string, string>>): Promise<unknown> {
  let given: unknown
  const createWasmRuntime = (options: unknown): never => {
    given = options
    throw new Error('enough')
  }
  const open = openPluginsFor(variables, () => Promise.resolve({ createWasmRuntime }))
  await expect(open({ gate: { pool: 2 } })).rejects.toThrow('enough')
  return given
}

const limits = { gate: { pool: 2 } }

test.each([
  [{ XDG_CACHE_HOME: '/none/c', HOME: '/none/h' }, '/none/c/vane'],
  [{ XDG_CACHE_HOME: 'c', HOME: '/none/h' }, '/none/h/.cache/vane'],
  [{ HOME: '/none/h' }, '/none/h/.cache/vane'],
])('with %j the cache is in %s, and plugins have the limits that are written', async (variables, stateDir) => {
  expect(await optionsWith(variables)).toEqual({ stateDir, limits })
})

test('a cache that somebody else can write into is not used', async () => {
  const home = mkdtempSync(join(tmpdir(), 'vane-cache-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const stateDir = join(home, 'vane')
  mkdirSync(stateDir, { mode: 0o700 })
  expect(await optionsWith({ XDG_CACHE_HOME: home })).toEqual({ stateDir, limits })
  chmodSync(stateDir, 0o777)
  expect(await optionsWith({ XDG_CACHE_HOME: home })).toEqual({ limits })
  const linked = join(home, 'linked')
  mkdirSync(linked)
  symlinkSync(home, join(linked, 'vane'))
  expect(await optionsWith({ XDG_CACHE_HOME: linked })).toEqual({ limits })
})
