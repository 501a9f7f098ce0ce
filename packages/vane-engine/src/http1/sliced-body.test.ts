import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { SlicedBody } from './sliced-body.ts'

test('comes in order, at the pace of who takes it, and its last slice does not keep the rest', () => {
  const bytes = Buffer.from(new ArrayBuffer(150_000)).map((_, index) => index)
  const slices: Uint8Array[] = []
  let hasEnded = false
  const body = new SlicedBody(bytes)
  body.start({ write: (slice) => slices.push(slice) === 0, end: () => (hasEnded = true), fail: () => {} })
  expect([slices.length, hasEnded]).toEqual([1, false])
  body.resume()
  body.resume()
  expect([slices.length, hasEnded]).toEqual([3, true])
  expect(Buffer.concat(slices).equals(bytes)).toBe(true)
  expect(slices.map((slice) => slice.buffer === bytes.buffer)).toEqual([true, true, false])
})
