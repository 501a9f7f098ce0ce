import { randomBytes, randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { connectRaw } from '../support/raw-client.ts'
import { startRules } from '../support/start-rules.ts'
import { askForWebsocket, GRANT, websocketTo } from '../support/tunnel-upstream.ts'
import { until } from '../support/until.ts'
import { startRawUpstream } from '../support/upstream.ts'

/** A frame with those bits, whether or not they may stand together (RFC 6455 §5.2). */
function frame(first: number, mask: Buffer | undefined, payload: Buffer): Buffer {
  const { length } = payload
  const bit = mask === undefined ? 0 : 0x80
  const head =
    length < 126
      ? Buffer.from([first, bit | length])
      : Buffer.concat([Buffer.from([first, bit | 126]), Buffer.from([length >> 8, length & 0xff])])
  return Buffer.concat([head, mask ?? Buffer.alloc(0), payload])
}

/** Every first byte, so every opcode with every reserved bit, masked and not, and payloads that no endpoint would take. */
const FRAMES = Buffer.concat([
  ...Array.from({ length: 256 }, (_, first) => frame(first, undefined, Buffer.from(`${first}`))),
  ...Array.from({ length: 256 }, (_, first) => frame(first, randomBytes(4), randomBytes(first))),
  frame(0x89, undefined, randomBytes(60_000)),
  frame(0x88, undefined, Buffer.from([0x03])),
  frame(0x81, undefined, Buffer.from([0xff, 0xfe, 0xc0])),
  // Lengths that do not come, or that are longer than need be.
  Buffer.from([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0x82, 126, 0, 1, 0x78]),
  Buffer.from('GET /admin HTTP/1.1\r\nhost: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  randomBytes(300_000),
])

/** Writes bytes in pieces of any size. */
async function sendInPieces(socket: Socket, bytes: Buffer): Promise<void> {
  for (let from = 0, to; from < bytes.length; from = to) {
    to = from + randomInt(1, 4_096)
    socket.write(bytes.subarray(from, to))
    if (randomInt(4) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

test('frames of every kind, and what are none, come through as they are, both ways at once', async () => {
  const atUpstream: Buffer[] = []
  await using upstream = await startRawUpstream((socket) => {
    socket.setNoDelay()
    socket.once('data', () => {
      socket.on('data', (chunk: Buffer) => atUpstream.push(chunk))
      socket.write(GRANT)
      void sendInPieces(socket, FRAMES)
    })
  })
  await using vane = await startRules([websocketTo(upstream.port)], {})
  using client = await connectRaw(vane.port)
  client.send(askForWebsocket())
  await client.received('\r\n\r\n')
  await sendInPieces(client.socket, FRAMES)
  const sizeOf = (chunks: readonly Buffer[]): number => chunks.reduce((sum, { length }) => sum + length, 0)
  const head = client.text.indexOf('\r\n\r\n') + 4
  await until('all of both', () => {
    return sizeOf(atUpstream) >= FRAMES.length && client.text.length - head >= FRAMES.length
  })
  // Not by `toEqual`, which would print them.
  expect(FRAMES.equals(Buffer.concat(atUpstream))).toBe(true)
  expect(client.text.slice(head) === FRAMES.toString('latin1')).toBe(true)
})
