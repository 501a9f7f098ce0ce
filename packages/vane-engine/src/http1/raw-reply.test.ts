import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lingerThenDestroy } from './raw-reply.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

class FakeSocket extends EventEmitter {
  writableFinished = false
  readableEnded = false
  destroyed = false
  resume(): void {}
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

function begin(state: Partial<FakeSocket> = {}): FakeSocket {
  const socket = Object.assign(new FakeSocket(), state)
  lingerThenDestroy(socket as unknown as Socket)
  return socket
}

function finish(socket: FakeSocket): void {
  socket.writableFinished = true
  socket.emit('finish')
}

function end(socket: FakeSocket): void {
  socket.readableEnded = true
  socket.emit('end')
}

test('a socket with all written goes when its peer has ended, or shortly after', () => {
  const first = begin({ writableFinished: true })
  end(first)
  expect(first.destroyed).toBe(true)
  const second = begin({ writableFinished: true })
  vi.advanceTimersByTime(1_900)
  expect(second.destroyed).toBe(false)
  vi.advanceTimersByTime(200)
  expect(second.destroyed).toBe(true)
})

test('what is still to be written is waited for, also where the peer has ended its side', () => {
  const socket = begin()
  end(socket)
  vi.advanceTimersByTime(30_000)
  expect(socket.destroyed).toBe(false)
  finish(socket)
  expect(socket.destroyed).toBe(true)
})

test('a peer that has not ended has its moment after the last byte was written', () => {
  const socket = begin()
  vi.advanceTimersByTime(30_000)
  finish(socket)
  vi.advanceTimersByTime(1_900)
  expect(socket.destroyed).toBe(false)
  vi.advanceTimersByTime(200)
  expect(socket.destroyed).toBe(true)
})

test('a peer that takes nothing is not waited for without end', () => {
  const socket = begin()
  vi.advanceTimersByTime(61_000)
  expect(socket.destroyed).toBe(true)
})
