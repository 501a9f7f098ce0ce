import { expect, test } from 'vitest'
import {
  isOnErrorHint,
  isPluginError,
  type PluginError,
  PluginExhaustedError,
  PluginReturnedError,
  PluginTrapError,
} from './plugin-error.ts'

const CAUSE = new RangeError('deep')
const CASES: readonly [error: PluginError, text: string, json: unknown][] = [
  [
    new PluginReturnedError('E42', 'no token'),
    'plugin E42: no token',
    { case: 'plugin', code: 'E42', message: 'no token' },
  ],
  [
    new PluginReturnedError('E1', '', 'force-close'),
    'plugin E1: ',
    { case: 'plugin', code: 'E1', message: '', onErrorHint: 'force-close' },
  ],
  [
    new PluginTrapError('unreachable', { cause: CAUSE }),
    'plugin trap: unreachable',
    { case: 'trap', message: 'unreachable' },
  ],
  [new PluginExhaustedError(), 'plugin pool exhausted: no instance available', { case: 'exhausted' }],
]

test.each(CASES)('%s has its text form as message and as string', (error, text, json) => {
  expect(error.message).toBe(text)
  expect(String(error)).toBe(text)
  expect(JSON.parse(JSON.stringify(error))).toEqual(json)
  expect(error).toBeInstanceOf(Error)
  expect(isPluginError(error)).toBe(true)
})

test('a switch over the case reaches what each case carries', () => {
  const told = CASES.map(([error]) => {
    switch (error.case) {
      case 'plugin':
        return [error.code, error.pluginMessage, error.onErrorHint]
      case 'trap':
        return [error.reason, error.cause]
      case 'exhausted':
        return []
      default:
        return error satisfies never
    }
  })
  expect(told).toEqual([['E42', 'no token', undefined], ['E1', '', 'force-close'], ['unreachable', CAUSE], []])
})

test.each([new Error('plugin trap: x'), { case: 'trap', message: 'x' }, undefined, null, 'plugin trap: x'])(
  '%s is no plugin error',
  (value) => {
    expect(isPluginError(value)).toBe(false)
  },
)

test('the hints are force-close and internal', () => {
  expect(['force-close', 'internal'].every(isOnErrorHint)).toBe(true)
  expect(['', 'forceClose', 'force_close', 'FORCE-CLOSE', 'close', undefined, null, 0].some(isOnErrorHint)).toBe(false)
})
