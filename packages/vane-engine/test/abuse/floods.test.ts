import { expect, test } from 'vitest'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { connectRaw } from '../support/raw-client.ts'
import { expectServed, openStand, statusOf } from '../support/stand.ts'
import { startEngine } from '../support/start-engine.ts'
import { readStrictResponses } from '../support/strict-message.ts'
import { startRawUpstream } from '../support/upstream.ts'
import { until } from '../support/until.ts'

const MIB = 1024 * 1024

test('a hundred thousand chunks of one byte are one body', async () => {
  await using stand = await openStand()
  const send = `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(100_000)}0\r\n\r\n`
  const { requests } = await expectServed(stand, send, ['POST'])
  expect(requests.map(({ body }) => body === 'x'.repeat(100_000))).toEqual([true])
})

test('a hundred thousand chunks of one byte are one response', async () => {
  const answer = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(100_000)}0\r\n\r\n`
  await using stand = await openStand({ answer: () => answer })
  const { responses } = await expectServed(stand, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  expect(responses.map(({ body }) => body === 'x'.repeat(100_000))).toEqual([true])
})

test('an upload that the upstream does not read stays with the client', async () => {
  await using upstream = await startRawUpstream((socket) => void socket.pause())
  const timeouts = { firstByteMs: 500, idleMs: 500 }
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts })))
  using client = await connectRaw(vane.port)
  client.send(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${64 * MIB}\r\n\r\n`)
  client.socket.write(Buffer.alloc(64 * MIB))
  await client.closed()
  expect(readStrictResponses(client.text, ['POST']).map(statusOf)).toEqual([504])
  // What has left the client's process lies in the sockets of the kernel, and a few buffers between them.
  expect(64 * MIB - client.socket.writableLength).toBeLessThan(32 * MIB)
})

test('a response that the client does not read stays with the upstream', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${64 * MIB}\r\n\r\n`)
      socket.write(Buffer.alloc(64 * MIB))
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)), { limits: { writeStallTimeoutMs: 500 } })
  using client = await connectRaw(vane.port)
  client.socket.pause()
  client.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await until('request under way', () => upstream.sockets[0])
  const lowest = { left: Infinity }
  await until('request over', () => {
    lowest.left = Math.min(lowest.left, upstream.sockets[0]!.writableLength || Infinity)
    return vane.engine.stats().requests.total === 1 && vane.engine.stats().requests.active === 0
  })
  expect(64 * MIB - lowest.left).toBeLessThan(32 * MIB)
})

test('fifty clients with forty requests each get their own answers, in their order', async () => {
  await using stand = await openStand({
    answer: ({ startLine }) => {
      const path = startLine.split(' ')[1]!
      return `HTTP/1.1 200 OK\r\ncontent-length: ${path.length}\r\n\r\n${path}`
    },
  })
  const ask = async (client: number): Promise<void> => {
    const paths = Array.from({ length: 40 }, (_, index) => `/${client}/${index}`)
    using raw = await connectRaw(stand.vane.port)
    raw.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''))
    await until('all answers', () => raw.text.endsWith(paths.at(-1)!), 15_000)
    expect(readStrictResponses(raw.text, []).map(({ body }) => body)).toEqual(paths)
  }
  await Promise.all(Array.from({ length: 50 }, (_, client) => ask(client)))
  expect(stand.upstream.faults).toEqual([])
  expect(stand.upstream.requests).toHaveLength(2_000)
})

test('answers that nobody fetches do not pile up', async () => {
  await using stand = await openStand({
    engine: { limits: { writeStallTimeoutMs: 500 } },
    answer: () => `HTTP/1.1 200 OK\r\ncontent-length: ${MIB}\r\n\r\n${'x'.repeat(MIB)}`,
  })
  using client = await connectRaw(stand.vane.port)
  client.socket.pause()
  for (let index = 0; index < 60; index++) client.send(`GET /${index} HTTP/1.1\r\nhost: a\r\n\r\n`)
  await until(
    'cut',
    () => stand.vane.engine.stats().requests.total > 0 && stand.vane.engine.stats().connections.active === 0,
  )
  // The kernel took some; the rest waited for the client, and so did its further requests.
  expect(stand.upstream.requests.length).toBeLessThan(30)
})
