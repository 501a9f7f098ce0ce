import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stretchOfString } from './stretch-of-string.ts'

test('the stretch of a part is the JSON text of that part', () => {
  const unit = fc.constantFrom('a', '"', '\\', '\n', '\u{1}', 'é', '\u{1f600}', '/')
  const text = fc.array(unit, { maxLength: 6 }).map((units) => units.join(''))
  fc.assert(
    fc.property(text, text, text, (before, part, after) => {
      fc.pre(part !== '')
      const raw = JSON.stringify(before + part + after)
      const { offset, length } = stretchOfString(raw, { offset: before.length, length: part.length })
      expect(JSON.parse(`"${raw.slice(offset, offset + length)}"`)).toBe(part)
    }),
  )
})

test('a part that lies outside is pulled to the end', () => {
  expect(stretchOfString('"ab"', { offset: 9, length: 4 })).toEqual({ offset: 3, length: 1 })
})
