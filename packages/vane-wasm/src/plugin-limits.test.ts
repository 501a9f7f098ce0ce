import { expect, test } from 'vitest'

import { DEFAULT_PLUGIN_LIMITS, toPluginLimits } from './plugin-limits.ts'

test('what is not given is the default', () => {
  expect(toPluginLimits('p')).toEqual(DEFAULT_PLUGIN_LIMITS)
  expect(toPluginLimits('p', { pool: 9 })).toEqual({ ...DEFAULT_PLUGIN_LIMITS, pool: 9 })
})

test('what is out of range is refused by name', () => {
  expect(() => toPluginLimits('p', { pool: 0 })).toThrow(
    'limits of plugin "p": pool must be a whole number from 1 to 256',
  )
})
