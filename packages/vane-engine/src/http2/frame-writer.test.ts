import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { FrameWriter } from './frame-writer.ts'

test('a piece of a large body is copied, so that what waits in the socket does not keep all of it', () => {
  const written: Uint8Array[] = []
  const socket = {
    destroyed: false,
    writable: true,
    cork() {},
    uncork() {},
    write: (part: Uint8Array) => written.push(part),
  }
  const writer = new FrameWriter(socket as unknown as Socket)
  const large = Buffer.alloc(8_388_608, 'a')
  const read = Buffer.from(new ArrayBuffer(65_536))
  writer.data(1, large.subarray(1_000, 17_384), false)
  writer.data(3, read.subarray(0, 16_384), true)
  expect(writer.pendingBytes).toBe(2 * (9 + 16_384))
  writer.flush()
  expect(
    Buffer.concat(written)
      .subarray(9, 9 + 16_384)
      .equals(large.subarray(0, 16_384)),
  ).toBe(true)
  expect(written.some((part) => part.buffer === large.buffer)).toBe(false)
  // What one read has brought goes out as it is.
  expect(written.some((part) => part.buffer === read.buffer)).toBe(true)
})
