import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { BinaryFormatError, BinaryReader } from './binary-reader.ts'

function unsignedLeb(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ;) {
    const low = rest & 0x7f
    rest = Math.floor(rest / 128)
    if (rest === 0) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

describe('u32', () => {
  test('reads what LEB128 writes, with or without padding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
        expect(new BinaryReader(Uint8Array.from(unsignedLeb(value))).u32()).toBe(value)
      }),
    )
    expect(new BinaryReader(Uint8Array.of(0x83, 0x80, 0x80, 0x80, 0x00)).u32()).toBe(3)
  })

  test.each([[[0xff, 0xff, 0xff, 0xff, 0x1f]], [[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]], [[0x80]], [[]]])(
    'refuses %j',
    (bytes) => {
      expect(() => new BinaryReader(Uint8Array.from(bytes)).u32()).toThrow(BinaryFormatError)
    },
  )
})

test.each([
  [[0x00], 0],
  [[0x3f], 63],
  [[0x40], -64],
  [[0x7f], -1],
  [[0xc0, 0x00], 64],
  [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffffffff],
])('s33 reads %j as %d', (bytes, value) => {
  expect(new BinaryReader(Uint8Array.from(bytes)).s33()).toBe(value)
})

test('a name is UTF-8 and lies within the bytes', () => {
  const bytes = Buffer.from('\u0003ü!')
  expect(new BinaryReader(bytes).name()).toBe('ü!')
  expect(() => new BinaryReader(Uint8Array.of(1, 0xff)).name()).toThrow('name at byte 1 is not UTF-8')
  expect(() => new BinaryReader(Uint8Array.of(5, 0x61)).name()).toThrow('unexpected end at byte 2')
})

test('a forged list length ends with the bytes', () => {
  const reader = new BinaryReader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2))
  expect(() => reader.vector(() => void reader.byte())).toThrow(BinaryFormatError)
})

test('a slice ends where it was told to', () => {
  const reader = new BinaryReader(Uint8Array.of(1, 2, 3, 4))
  const slice = reader.slice(2)
  expect([slice.byte(), slice.byte(), slice.isAtEnd, slice.position]).toEqual([1, 2, true, 2])
  expect(() => slice.byte()).toThrow(BinaryFormatError)
  expect(reader.byte()).toBe(3)
})
