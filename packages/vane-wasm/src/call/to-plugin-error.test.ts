import { describe, expect, test } from 'vitest'

import { toReturnedError, toTrap } from './to-plugin-error.ts'

describe('what a plugin returned', () => {
  test.each<[object, object]>([
    [
      { code: 'c', message: 'm' },
      { case: 'plugin', message: 'plugin c: m', onErrorHint: undefined },
    ],
    [
      { code: 'c', message: 'm', onErrorHint: 'internal' },
      { case: 'plugin', onErrorHint: 'internal' },
    ],
    [
      { code: 'c', message: 'm', onErrorHint: 'force-close' },
      { case: 'plugin', onErrorHint: 'force-close' },
    ],
    [
      { code: 'c', message: 'm', onErrorHint: '' },
      { case: 'trap', message: 'plugin trap: answered an on-error-hint other than force-close or internal ("")' },
    ],
  ])('%o', (value, expected) => {
    expect(toReturnedError(value)).toMatchObject(expected)
  })

  test('is kept within bounds', () => {
    const error = toReturnedError({ code: 'c'.repeat(1000), message: 'm'.repeat(100_000) })
    expect(error.message.length).toBeLessThan(5000)
  })
})

test.each<[unknown, string]>([
  [new WebAssembly.RuntimeError('unreachable'), 'plugin trap: unreachable'],
  [new RangeError('Maximum call stack size exceeded'), 'plugin trap: stack exhausted'],
  [new RangeError('Invalid array length'), 'plugin trap: Invalid array length'],
  ['text', 'plugin trap: an exception left the plugin'],
  [undefined, 'plugin trap: an exception left the plugin'],
])('a call that threw %o is a trap', (thrown, message) => {
  expect(toTrap(thrown)).toMatchObject({ case: 'trap', message, cause: thrown })
})
