import { Buffer } from 'node:buffer'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DeadlineClock } from '../time/deadline-clock.ts'
import { IncomingContent } from './incoming-content.ts'

test('of bytes that trickle in, a reader that keeps them keeps no more than them', async () => {
  const owner = {
    onContentIdle: () => new Error('idle'),
    creditContent() {},
    onContentStart() {},
    onContentCancel() {},
  }
  const clock = new DeadlineClock()
  const content = new IncomingContent(owner, { length: undefined, idleMs: 1_000, clock })
  const pieces: Uint8Array[] = []
  content.start({ write: (piece) => pieces.push(piece) > 0, end() {}, fail() {} })
  for (let read = 0; read < 3; read++) {
    content.receive(Buffer.from('a'))
    content.receive(Buffer.from('b'))
    await nextTurn()
  }
  clock.close()
  expect(pieces.map((piece) => Buffer.from(piece).toString())).toEqual(['ab', 'ab', 'ab'])
  expect(pieces.map(({ buffer }) => buffer.byteLength)).toEqual([2, 2, 2])
})
