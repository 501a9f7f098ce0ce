import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineDecoder, type DecodedLine } from './line-decoder.ts'

function decode(bytes: Uint8Array, cuts: readonly number[], maxLineBytes: number): DecodedLine[] {
  const decoder = new LineDecoder(maxLineBytes)
  const lines: DecodedLine[] = []
  let start = 0
  for (const cut of cuts.toSorted((a, b) => a - b)) {
    const end = Math.max(start, Math.min(cut, bytes.length))
    // A buffer that is overwritten afterwards, as a socket's may be.
    const chunk = bytes.slice(start, end)
    lines.push(...decoder.push(chunk))
    chunk.fill(0x0a)
    start = end
  }
  lines.push(...decoder.push(bytes.slice(start)), ...decoder.end())
  return lines
}

const text = (value: string): DecodedLine => ({ kind: 'text', text: value })

describe('LineDecoder', () => {
  it('reads the same lines however the bytes are split', () => {
    const bytes = fc
      .array(
        fc.oneof(fc.constant(0x0a), fc.constantFrom(0x20, 0x41, 0xc3, 0xa4, 0xff), fc.integer({ min: 0, max: 255 })),
        { maxLength: 200 },
      )
      .map((values) => Uint8Array.from(values))
    fc.assert(
      fc.property(
        bytes,
        fc.array(fc.nat(200), { maxLength: 20 }),
        fc.integer({ min: 1, max: 40 }),
        (input, cuts, maxLineBytes) => {
          expect(decode(input, cuts, maxLineBytes)).toEqual(decode(input, [], maxLineBytes))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('gives back exactly the lines that were joined', () => {
    const line = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((value) => !value.includes('\n') && value.trim() !== '')
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(500)), (lines, cuts) => {
        const bytes = new TextEncoder().encode(lines.map((each) => `${each}\n`).join(''))
        // U+FEFF at the start of a line is taken for a byte order mark, which JSON may not begin with anyway.
        const expected = lines
          .map((each) => each.toWellFormed().replace(/^\uFEFF/, ''))
          .filter((each) => each.trim() !== '')
        expect(decode(bytes, cuts, 1_000_000)).toEqual(expected.map(text))
      }),
    )
  })

  it('takes a line of exactly the limit and refuses one byte more, once, and goes on with the next', () => {
    const decoder = new LineDecoder(4)
    expect(decoder.push(Buffer.from('abcd\nabcde'))).toEqual([text('abcd'), { kind: 'too-long' }])
    expect(decoder.push(Buffer.from('fghi'.repeat(100)))).toEqual([])
    expect(decoder.push(Buffer.from('\nok\n'))).toEqual([text('ok')])
  })

  it('says which lines are not UTF-8 and drops blank ones', () => {
    const decoder = new LineDecoder()
    expect(decoder.push(Uint8Array.of(0xff, 0x0a, 0x0a, 0x20, 0x0d, 0x0a, 0x41, 0x0a))).toEqual([
      { kind: 'not-utf8' },
      text('A'),
    ])
  })

  it('takes what is left at the end for a line', () => {
    const decoder = new LineDecoder()
    expect(decoder.push(Buffer.from('{"verb"'))).toEqual([])
    expect(decoder.end()).toEqual([text('{"verb"')])
    expect(decoder.end()).toEqual([])
  })
})
