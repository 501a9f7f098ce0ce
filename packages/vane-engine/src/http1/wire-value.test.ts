import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromWireValue, toWireValue, toWireValueUnescaped } from './wire-value.ts'

const bytes = fc.uint8Array().map((array) => Buffer.from(array).toString('latin1'))

test.each([
  ['plain', 'plain'],
  ['\xc3\xa9', 'é'],
  ['\xff', '\\x{FF}'],
  ['a\xc3', 'a\\x{C3}'],
  ['\xed\xa0\x80', '\\x{ED}\\x{A0}\\x{80}'],
  ['\xef\xbb\xbfx', '\ufeffx'],
  ['\xef\xbf\xbd', '\ufffd'],
  ['\xf0\x9f\x98\x80\x80', '😀\\x{80}'],
])('shows %j as %j', (wire, text) => {
  expect(fromWireValue(wire)).toBe(text)
  expect(toWireValueUnescaped(text)).toBe(wire)
})

test('an unchanged value keeps its bytes', () => {
  fc.assert(
    fc.property(bytes, (wire) => {
      // A value that already spells such an escape is the one exception.
      fc.pre(!wire.includes('\\x{'))
      expect(toWireValueUnescaped(fromWireValue(wire))).toBe(wire)
    }),
  )
})

test('any text survives as UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(fromWireValue(toWireValue(text))).toBe(text)
    }),
  )
})
