import { expect, test } from 'vitest'

import { OutputLines } from './output-lines.ts'

function linesOf(...chunks: Uint8Array[]): string[] {
  const lines: string[] = []
  const output = new OutputLines((line) => void lines.push(line))
  for (const chunk of chunks) output.write(chunk)
  output.flush()
  return lines
}

test('lines across writes, characters across writes, and what has no end', () => {
  const bytes = Buffer.from('one\ntwü\n\nthree')
  expect(linesOf(bytes.subarray(0, 7), bytes.subarray(7))).toEqual(['one', 'twü', '', 'three'])
})

test('a line without an end is passed on in pieces', () => {
  const lines = linesOf(...Array.from({ length: 5 }, () => Buffer.alloc(4096, 'x')))
  expect(lines.map(({ length }) => length)).toEqual([8192, 8192, 4096])
})

test('bytes that are not UTF-8 do no harm', () => {
  expect(linesOf(Uint8Array.of(0xff, 0x61, 0x0a, 0xc3))).toEqual(['\ufffda', '\ufffd'])
})
