import { expect, test } from 'vitest'
import { SourceText } from 'vane-core'

test('lines end at LF, CR LF and CR', () => {
  const source = new SourceText({ path: 'x', text: 'a\nb\r\nc\rd' })
  const places = ['a', 'b', 'c', 'd'].map((letter) => source.span(source.text.indexOf(letter), 1))
  expect(places.map(({ line, column }) => `${line}:${column}`)).toEqual(['1:1', '2:1', '3:1', '4:1'])
})

test('columns count UTF-16 units, as editors do', () => {
  const source = new SourceText({ path: 'x', text: '😀x' })
  expect(source.span(2, 1)).toEqual({ file: 'x', offset: 2, length: 1, line: 1, column: 3 })
})

test('a place outside the text is pulled to its end', () => {
  const source = new SourceText({ path: 'x', text: 'ab\n' })
  expect(source.span(99, 5)).toEqual({ file: 'x', offset: 3, length: 0, line: 2, column: 1 })
  expect(source.span(1, 99).length).toBe(2)
})
