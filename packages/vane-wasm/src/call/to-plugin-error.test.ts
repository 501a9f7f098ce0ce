import { expect, test } from 'vitest'

import { toPluginError } from './to-plugin-error.ts'

test.each<[unknown, string | undefined, object]>([
  [{ code: 'c', message: 'm' }, undefined, { case: 'plugin', message: 'plugin c: m', onErrorHint: undefined }],
  [{ code: 'c', message: 'm', onErrorHint: 'internal' }, undefined, { case: 'plugin', onErrorHint: 'internal' }],
  [
    Object.assign(new Error('wrapped'), { payload: { code: 'c', message: 'm' } }),
    undefined,
    { case: 'plugin', code: 'c' },
  ],
  [
    { code: 'c', message: 'm', onErrorHint: '' },
    undefined,
    { case: 'trap', message: 'plugin trap: answered an on-error-hint other than force-close or internal ("")' },
  ],
  [
    { code: 1, message: 'm' },
    undefined,
    { case: 'trap', message: 'plugin trap: answered an error that is not a plugin-error' },
  ],
  [
    { code: 'c', message: 'm' },
    'a host function said so',
    { case: 'trap', message: 'plugin trap: a host function said so' },
  ],
  [new WebAssembly.RuntimeError('unreachable'), undefined, { case: 'trap', message: 'plugin trap: unreachable' }],
  [
    new RangeError('Maximum call stack size exceeded'),
    undefined,
    { case: 'trap', message: 'plugin trap: stack exhausted' },
  ],
  ['text', undefined, { case: 'trap', message: 'plugin trap: an exception left the plugin' }],
  [undefined, undefined, { case: 'trap' }],
  [null, undefined, { case: 'trap' }],
])('%o', (thrown, trapReason, expected) => {
  expect(toPluginError(thrown, trapReason)).toMatchObject(expected)
})

test('what a plugin says of its error is kept within bounds', () => {
  const error = toPluginError({ code: 'c'.repeat(1000), message: 'm'.repeat(100_000) })
  expect(error.message.length).toBeLessThan(5000)
})
