import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PieceJoiner } from './piece-joiner.ts'

test('keeps bytes and their order, and hands small pieces on together', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 1_000, max: 3_000 })), { maxLength: 60 }),
      (lengths) => {
        const total = lengths.reduce((sum, length) => sum + length, 0)
        const bytes = Buffer.from(Array.from({ length: total }, (_, index) => index % 251))
        const got: Uint8Array[] = []
        const joiner = new PieceJoiner({ push: (piece) => void got.push(piece) })
        let at = 0
        for (const length of lengths) joiner.add(bytes, at, (at += length))
        joiner.flush()
        expect(Buffer.concat(got).equals(bytes)).toBe(true)
        const large = lengths.filter((length) => length >= 1_024).length
        expect(got.length).toBeLessThanOrEqual(2 * large + 1 + Math.ceil(total / 2_048))
      },
    ),
  )
})

test('ten thousand pieces of a byte are a few', () => {
  const got: Uint8Array[] = []
  const joiner = new PieceJoiner({ push: (piece) => void got.push(piece) })
  for (let at = 0; at < 10_000; at++) joiner.add(Buffer.of(7), 0, 1)
  joiner.flush()
  expect(got.length).toBe(3)
  expect(Buffer.concat(got).length).toBe(10_000)
})
