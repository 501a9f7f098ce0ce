import fc from 'fast-check'
import { expect, test } from 'vitest'

import { toLogText } from './log-text.ts'

test('nothing in it can end a line or steer a terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(toLogText(text, 100)).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/)
    }),
  )
})

test('a long text is cut, a tab is kept', () => {
  expect(toLogText('a\tb', 10)).toBe('a\tb')
  expect(toLogText('abcdef', 3)).toBe('abc…')
})
