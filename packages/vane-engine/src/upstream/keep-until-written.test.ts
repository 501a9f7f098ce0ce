import { once } from 'node:events'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { BodyMemory } from '../floor/body-memory.ts'
import { keepUntilWritten } from './keep-until-written.ts'

function start() {
  const limits = { maxBufferedBytes: 1_000, maxBufferedBytesPerIp: 1_000, exemptLoopback: true }
  const memory = new BodyMemory(limits, { hit() {} })
  const hold = memory.open('192.0.2.1')
  hold.grow(100)
  return { memory, hold, socket: new Socket() }
}

test.each(['drain', 'close'])('a body is kept until the socket says %s, and its listeners are gone then', (event) => {
  const { memory, hold, socket } = start()
  keepUntilWritten(hold, socket)
  hold.release()
  expect(memory.bytes).toBe(100)
  socket.emit(event)
  expect(memory.bytes).toBe(0)
  expect([socket.listenerCount('drain'), socket.listenerCount('close')]).toEqual([0, 0])
})

test('on a socket that has closed before, nothing is kept', async () => {
  const { memory, hold, socket } = start()
  socket.destroy()
  await once(socket, 'close')
  keepUntilWritten(hold, socket)
  hold.release()
  expect(memory.bytes).toBe(0)
})
