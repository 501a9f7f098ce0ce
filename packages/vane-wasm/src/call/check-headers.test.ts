import fc from 'fast-check'
import { expect, test } from 'vitest'

import { checkHeaders } from './check-headers.ts'

test('names become lower case, order and repeats stay', () => {
  expect(
    checkHeaders([
      { name: 'Set-Cookie', value: 'a' },
      { name: 'X', value: '' },
      { name: 'set-cookie', value: 'b' },
    ]),
  ).toEqual({
    headers: [
      { name: 'set-cookie', value: 'a' },
      { name: 'x', value: '' },
      { name: 'set-cookie', value: 'b' },
    ],
    dropped: [],
  })
})

test.each([
  undefined,
  {},
  'x',
  [1],
  [null],
  [{ name: 'a' }],
  [{ name: 'a', value: 1 }],
  [{ name: 'a:', value: '' }],
  [{ name: 'a', value: '\n' }],
])('%j is refused', (value) => {
  expect(typeof checkHeaders(value)).toBe('string')
})

test('whatever passes can be written on the wire and frames nothing', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 })
  const name = fc.oneof(text, fc.constantFrom('Content-Length', 'connection', 'Transfer-Encoding', 'x-a'))
  fc.assert(
    fc.property(fc.array(fc.record({ name, value: fc.oneof(text, fc.constantFrom('x-a', 'close, X-A')) })), (given) => {
      const checked = checkHeaders(given)
      if (typeof checked === 'string') return
      const wire = checked.headers.map(({ name: key, value }) => `${key}: ${value}\r\n`).join('')
      expect(wire.split('\r\n')).toHaveLength(checked.headers.length + 1)
      expect(wire).not.toMatch(/\0|^(?:content-length|connection|transfer-encoding):/m)
      expect(checked.headers.length + checked.dropped.length).toBe(given.length)
    }),
  )
})
