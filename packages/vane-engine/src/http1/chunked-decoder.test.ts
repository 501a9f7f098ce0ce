import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkedDecoder } from './chunked-decoder.ts'
import { FieldScanner } from './field-scanner.ts'
import { HeadFault } from './head-fault.ts'

interface Decoded {
  readonly content: string
  readonly isDone: boolean
  /** Index behind the body. */
  readonly end: number
  readonly trailers: readonly string[] | undefined
}

function decode(text: string, cuts: readonly number[] = []): Decoded {
  const decoder = new ChunkedDecoder(new FieldScanner(10), 1_000)
  const bytes = Buffer.from(text, 'latin1')
  const pieces: Uint8Array[] = []
  let start = 0
  let end = 0
  for (const stop of [...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]) {
    if (decoder.isDone) break
    end = start + decoder.decode(bytes.subarray(start, stop), 0, { push: (piece) => void pieces.push(piece) })
    start = stop
  }
  return {
    content: Buffer.concat(pieces).toString('latin1'),
    isDone: decoder.isDone,
    end,
    trailers: decoder.trailers?.rawPairs(),
  }
}

test.each([
  ['0\r\n\r\n', ''],
  ['3\r\nabc\r\n0\r\n\r\n', 'abc'],
  ['00a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n', '0123456789x'],
  ['3;a;b=c;d="e;\\"f"\r\nabc\r\n0;x\r\n\r\n', 'abc'],
  ['F\r\n0123456789abcde\r\n0\r\n\r\n', '0123456789abcde'],
])('decodes %j', (text, content) => {
  expect(decode(text)).toEqual({ content, isDone: true, end: text.length, trailers: undefined })
})

test.each([
  ' 3\r\nabc\r\n',
  '3 \r\nabc\r\n',
  '+3\r\nabc\r\n',
  '-3\r\nabc\r\n',
  '0x3\r\nabc\r\n',
  '\r\nabc\r\n',
  '3\nabc\r\n',
  '3\r\nabcd\r\n',
  '3\r\nabc\n',
  '3\r\nabc\rx',
  'fffffffffffffffff\r\n',
  '00000000000001\r\n',
  '3;\r\nabc\r\n',
  '3; a\r\nabc\r\n',
  '3;a=\r\nabc\r\n',
  '3;a="b\r\nabc\r\n',
  '3;a="b"c\r\nabc\r\n',
  '3;a\0\r\nabc\r\n',
  `3;${'a'.repeat(5_000)}\r\n`,
  '1;aaaaaaaaaaaaaaa\r\nx\r\n'.repeat(300),
  '0\r\nx : 1\r\n\r\n',
  '0\r\n x: 1\r\n\r\n',
  '0\r\nx: 1\n\r\n',
  `0\r\nx: ${'y'.repeat(1_000)}\r\n\r\n`,
  `0\r\n${'x: 1\r\n'.repeat(11)}\r\n`,
])('refuses %j', (text) => {
  expect(() => decode(text)).toThrow(HeadFault)
})

test('keeps trailers apart, without those that may not be any', () => {
  const { trailers } = decode('0\r\nX-Sum: 1\r\ncontent-length: 3\r\nauthorization: x\r\nx-forwarded-for: 1\r\n\r\n')
  expect(trailers).toEqual(['X-Sum', '1'])
})

test('stops at the end of the body', () => {
  expect(decode('1\r\na\r\n0\r\n\r\nGET / HTTP/1.1').end).toBe(11)
})

test('a body is the same however it is chunked and cut', () => {
  const chunk = fc.record({
    content: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }),
    extension: fc.constantFrom('', ';a', ';a=b', ';a="\\" ;"'),
    zeros: fc.nat(3),
  })
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 6 }),
      fc.constantFrom('', 'x-a: 1\r\n', 'x-a: 1\r\nx-b:\t2\r\n'),
      fc.array(fc.nat(300), { maxLength: 30 }),
      (chunks, trailers, cuts) => {
        const body = chunks
          .map(({ content, extension, zeros }) => {
            return `${'0'.repeat(zeros)}${content.length.toString(16)}${extension}\r\n${content}\r\n`
          })
          .join('')
        const text = `${body}0\r\n${trailers}\r\n`
        const whole = decode(text)
        expect(whole.content).toBe(chunks.map(({ content }) => content).join(''))
        expect(whole).toMatchObject({ isDone: true, end: text.length })
        expect(decode(text, [...new Set(cuts)])).toEqual(whole)
      },
    ),
  )
})

test('any bytes are a body, the beginning of one, or a fault', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123af;="\\\r\n: xX\0'.split('')) }), (text) => {
      try {
        decode(text)
      } catch (error) {
        expect(error).toBeInstanceOf(HeadFault)
      }
    }),
    { numRuns: 2_000 },
  )
})
