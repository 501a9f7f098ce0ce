import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Http2Stream, type StreamConnection } from './http2-stream.ts'
import { StreamTable } from './stream-table.ts'

const CONNECTION: StreamConnection = {
  options: { streamWindowBytes: 1 },
  peer: { initialWindowBytes: 1, maxFrameBytes: 1 },
  sendWindow: 1,
  isCongested: false,
  schedule() {},
  sendData() {},
  sendTrailers() {},
}
const OWNER = { onHeaders() {}, onRemoteEnd() {}, onReset() {}, onFault() {}, onLost() {} }

test('answers as a map would, after any sequence of changes', () => {
  // Steps of 64 all fall into the same chain.
  const id = fc.oneof(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 0, max: 6 }).map((step) => 1 + 64 * step),
  )
  fc.assert(
    fc.property(fc.array(fc.record({ id, isGone: fc.boolean() })), (changes) => {
      const table = new StreamTable()
      const model = new Map<number, Http2Stream>()
      for (const change of changes) {
        const known = model.get(change.id)
        if (change.isGone) {
          table.delete(known ?? new Http2Stream(change.id, CONNECTION, OWNER))
          model.delete(change.id)
        } else if (known === undefined) {
          const stream = new Http2Stream(change.id, CONNECTION, OWNER)
          table.add(stream)
          model.set(change.id, stream)
        }
        expect(table.get(change.id)).toBe(model.get(change.id))
        expect(table.size).toBe(model.size)
      }
      expect(table.list()).toEqual([...model.values()].toSorted((a, b) => a.id - b.id))
      table.clear()
      expect([table.size, table.list()]).toEqual([0, []])
    }),
  )
})
