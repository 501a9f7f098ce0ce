import { Buffer } from 'node:buffer'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { BodySink, StreamBody } from 'vane-core'
import { expect, test } from 'vitest'
import { roomyMemory } from '../../test/support/roomy-memory.ts'
import { until } from '../../test/support/until.ts'
import { collectBody } from './collect-body.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A body that is pushed by hand. */
function startCollecting(
  limitBytes: number,
  length?: number,
): { sink: BodySink; collected: ReturnType<typeof collectBody> } {
  let sink: BodySink | undefined
  const source = { start: (to: BodySink) => (sink = to), resume: () => {}, cancel: () => {} }
  const body: StreamBody = { kind: 'stream', source, length }
  const collected = collectBody(body, { direction: 'request', limitBytes, hold: roomyMemory().open(undefined) })
  return { sink: sink!, collected }
}

test('pieces of any size come out as one, in order', async () => {
  const { sink, collected } = startCollecting(1_000_000)
  const pieces = [1, 2, 5_000, 3, 70_000, 1, 1, 200_000, 7].map((size, at) => Buffer.alloc(size, at))
  for (const piece of pieces) expect(sink.write(piece)).toBe(true)
  sink.end(undefined)
  const body = await collected
  expect(body.kind === 'fixed' && Buffer.compare(Buffer.concat(pieces), body.bytes)).toBe(0)
})

test('what is in memory is the body, not all that was read with it', async () => {
  const { sink, collected } = startCollecting(1_000_000)
  // In a function of its own, whose variables are gone when it is over: two bytes each of what could be thousands.
  const push = (): WeakRef<ArrayBufferLike>[] =>
    Array.from({ length: 100 }, () => {
      const read = Buffer.from(new ArrayBuffer(4_096))
      sink.write(read.subarray(0, 2))
      return new WeakRef(read.buffer)
    })
  const reads = push()
  await until('the reads to be collected', () => {
    collectGarbage()
    return reads.every((read) => read.deref() === undefined)
  })
  sink.end(undefined)
  const body = await collected
  expect(body.kind === 'fixed' && body.bytes.length).toBe(200)
  expect(body.kind === 'fixed' && body.bytes.buffer.byteLength).toBeLessThan(4_096)
})

test('no more room is made than the body may take', async () => {
  for (const length of [undefined, 3_000]) {
    const { sink, collected } = startCollecting(3_000, length)
    for (let at = 0; at < 30; at++) sink.write(Buffer.alloc(100))
    sink.end(undefined)
    const body = await collected
    expect(body.kind === 'fixed' && body.bytes.buffer.byteLength).toBe(3_000)
  }
})
