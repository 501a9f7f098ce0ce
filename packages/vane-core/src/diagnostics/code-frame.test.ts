import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeFrame, SourceText } from 'vane-core'

function frame(text: string, mark: string, color = false): string {
  const source = new SourceText({ path: 'x.json', text })
  return codeFrame(text, source.span(text.indexOf(mark), mark.length), { color })
}

test('points at the place', () => {
  expect(frame('{\n  "prioriti": 3\n}', '"prioriti"')).toBe('  |\n2 |   "prioriti": 3\n  |   ^^^^^^^^^^')
})

test('marks a span of several lines up to the end of its first', () => {
  expect(frame('a [1,\n2] b', '[1,\n2]')).toBe('  |\n1 | a [1,\n  |   ^^^')
})

test('an empty span has one caret, at the end of the file too', () => {
  expect(codeFrame('ab', { file: 'x', offset: 2, length: 0, line: 1, column: 3 })).toBe('  |\n1 | ab\n  |   ^')
})

test('tabs and wide characters keep the carets under the place', () => {
  expect(frame('\t"日本" x', 'x')).toBe('  |\n1 |     "日本" x\n  |            ^')
})

test('a very long line is cut on both sides', () => {
  const lines = frame(`${'a'.repeat(1_000_000)}HERE${'b'.repeat(1_000_000)}`, 'HERE').split('\n')
  expect(lines[1]).toMatch(/^1 \| …a{60}HEREb{56}…$/)
  expect(lines[2]!.indexOf('^')).toBe(lines[1]!.indexOf('H'))
})

test('nothing of the source can steer a terminal', () => {
  expect(frame('a\u001b[2Jb\u202e x', 'x')).not.toMatch(/[\u001b\u202e]/)
})

test('colour changes nothing but colour', () => {
  const text = '{\n  "a": 1\n}'
  expect(frame(text, '1', true).replace(/\u001b\[[\d;]*m/g, '')).toBe(frame(text, '1'))
  expect(frame(text, '1', true)).toContain('\u001b[1;31m^')
})

test('any span of any text has a frame of three lines', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(), fc.nat(), (text, offset, length) => {
      const span = new SourceText({ path: 'x', text }).span(offset % (text.length + 1), length % 100)
      expect(codeFrame(text, span).split(/[\n\r]/)).toHaveLength(3)
    }),
  )
})
