import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { graphOf, proxyTo } from './support/graph-builder.ts'
import { startEngine } from './support/start-engine.ts'
import { startUpstream } from './support/upstream.ts'
import { until } from './support/until.ts'

const BLOCK = Buffer.alloc(65_536, 'x')
const BLOCKS = 2_048
/** What two sockets' kernel buffers and the streams around them may hold; the whole is 128 MiB. */
const MAX_IN_FLIGHT = 48 * 1_048_576

test('a client that does not read holds its upstream back, and then gets everything', async () => {
  let response: ServerResponse | undefined
  await using upstream = await startUpstream((_req, res) => {
    response = res
    let left = BLOCKS
    const push = (): void => {
      while (left > 0) {
        left--
        if (!res.write(BLOCK)) {
          res.once('drain', push)
          return
        }
      }
      res.end()
    }
    push()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const client = connect(vane.port, '127.0.0.1')
  client.pause()
  client.write('GET / HTTP/1.0\r\n\r\n')
  await until('response', () => response)
  const held = await settled(() => upstream.sockets[0]!.bytesWritten)
  expect(held).toBeGreaterThan(BLOCK.length)
  expect(held).toBeLessThan(MAX_IN_FLIGHT)
  let received = 0
  client.on('data', (chunk) => (received += chunk.length))
  client.resume()
  await until('end', () => client.readableEnded, 15_000)
  expect(received).toBeGreaterThan(BLOCK.length * BLOCKS)
})

test('an upstream that does not read holds its client back, and then gets everything', async () => {
  let received = 0
  let resume = (): void => {}
  await using upstream = await startUpstream((req, res) => {
    req.pause()
    resume = () => {
      req.on('data', (chunk: Buffer) => (received += chunk.length))
      req.on('end', () => res.end(`got ${received}`))
      req.resume()
    }
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const client = connect(vane.port, '127.0.0.1')
  client.on('error', () => {})
  let text = ''
  client.on('data', (chunk) => (text += chunk.toString()))
  client.write('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n')
  let left = BLOCKS
  const push = (): void => {
    while (left > 0) {
      left--
      client.write('10000\r\n')
      client.write(BLOCK)
      if (!client.write('\r\n')) {
        client.once('drain', push)
        return
      }
    }
    client.write('0\r\n\r\n')
  }
  push()
  await until('request at the upstream', () => upstream.sockets[0])
  const held = await settled(() => client.bytesWritten)
  expect(held).toBeGreaterThan(BLOCK.length)
  expect(held).toBeLessThan(MAX_IN_FLIGHT)
  resume()
  await until('answer', () => text.includes(`got ${BLOCK.length * BLOCKS}`), 15_000)
})

test('a client that takes nothing for too long is cut off', async () => {
  const events: string[] = []
  await using upstream = await startUpstream((_req, res) => {
    res.on('close', () => events.push('canceled'))
    const push = (): void => {
      while (res.write(BLOCK));
      res.once('drain', push)
    }
    push()
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)), { limits: { writeStallTimeoutMs: 100 } })
  const client = connect(vane.port, '127.0.0.1')
  client.on('error', () => {})
  client.pause()
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await until('cancellation at the upstream', () => events[0])
  expect(vane.trajectories[0]).toMatchObject({ outcome: 'failed' })
  expect(vane.engine.stats().errors.timeout).toBe(1)
  client.destroy()
})

/** Waits until a figure has not moved for a while: the state in which nothing can move any more. */
async function settled(read: () => number): Promise<number> {
  let value = read()
  let since = performance.now()
  await until('figure at rest', () => {
    if (read() !== value) {
      value = read()
      since = performance.now()
    }
    return value > 0 && performance.now() - since > 250
  })
  return value
}
