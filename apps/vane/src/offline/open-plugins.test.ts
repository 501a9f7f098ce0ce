import { expect, test } from 'vitest'
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

test.each([
  [{ XDG_CACHE_HOME: '/c', HOME: '/h' }, '/c/vane'],
  [{ XDG_CACHE_HOME: 'c', HOME: '/h' }, '/h/.cache/vane'],
  [{ HOME: '/h' }, '/h/.cache/vane'],
])('with %j the cache is in %s, and plugins have the limits that are written', async (variables, stateDir) => {
  const given: unknown[] = []
  const createWasmRuntime = (options: unknown): never => {
    given.push(options)
    throw new Error('enough')
  }
  const open = openPluginsFor(variables, () => Promise.resolve({ createWasmRuntime }))
  await expect(open({ gate: { pool: 2 } })).rejects.toThrow('enough')
  expect(given).toEqual([{ stateDir, limits: { gate: { pool: 2 } } }])
})
