import fc from 'fast-check'
import { expect, it } from 'vitest'
import { visibleText } from './visible-text.ts'

it.each([
  ['a\nb\tc\u0000', 'a␊b␉c␀'],
  ['\u007f\u0085', '␡\ufffd'],
  ['\ud800x\udc00', '\ufffdx\ufffd'],
  ['rule\u202e\u2066', 'rule\ufffd\ufffd'],
  ['\ufffe\uffff\u{1fffe}', '\ufffd\ufffd\ufffd'],
  ['日本語 🦊 é', '日本語 🦊 é'],
])('shows %j as %j', (text, shown) => {
  expect(visibleText(text)).toBe(shown)
})

it('cuts by code points, with an ellipsis in the last place', () => {
  expect(visibleText('🦊🦊🦊🦊', 3)).toBe('🦊🦊…')
  expect(visibleText('abc', 3)).toBe('abc')
})

it('gives one well-formed line without controls for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9 }), (text, maxChars) => {
      const shown = visibleText(text, maxChars)
      expect(shown.isWellFormed()).toBe(true)
      expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
      expect(Array.from(shown).length).toBeLessThanOrEqual(maxChars)
    }),
  )
})
