import { expect, test } from 'vitest'
import { answer, graphOf, proxyTo } from './support/graph-builder.ts'
import { connectFrames, F, frame, hpack, requestFields, T } from './support/frame-client.ts'
import { connectRaw } from './support/raw-client.ts'
import { startEngine } from './support/start-engine.ts'
import { until } from './support/until.ts'
import { startRawUpstream } from './support/upstream.ts'

test('an upstream that takes the body it asked for and says nothing more is given up', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 100 Continue\r\n\r\n'))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts: { firstByteMs: 300 } })))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n')
  await client.received('100 Continue')
  client.send('ab')
  await client.received('HTTP/1.1 504 ')
})

test('so is one that sent part of a head while it took the body', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 2'))
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts: { firstByteMs: 300 } })))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\na')
  await until('upstream has begun', () => vane.engine.stats().upstreams[0]?.active === 1)
  client.send('b')
  await client.received('HTTP/1.1 504 ')
})

test('a client that takes nothing is cut, whatever is left of its own body', async () => {
  await using vane = await startEngine(graphOf(answer('x'.repeat(200_000))), {
    limits: { writeStallTimeoutMs: 300, bodyIdleTimeoutMs: 300, keepAliveTimeoutMs: 300, headerTimeoutMs: 300 },
  })
  using client = await connectRaw(vane.port)
  client.socket.pause()
  for (let i = 0; i < 60; i++) client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n0123456789')
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n01234')
  await until('a connection', () => vane.engine.stats().connections.active === 1)
  await until('no connection', () => vane.engine.stats().connections.active === 0, 8_000)
  expect(vane.engine.stats().requests.active).toBe(0)
})

test('a client cannot fill the log with responses that it does not take', async () => {
  await using vane = await startEngine(graphOf(answer('x'.repeat(20_000_000))), {
    limits: { writeStallTimeoutMs: 100 },
  })
  using one = await connectRaw(vane.port)
  one.socket.pause()
  one.send('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  using other = await connectFrames(vane.port)
  // Its window is never opened.
  other.send(frame(T.headers, F.end | F.endHeaders, 1, hpack(requestFields())))
  await other.received(T.rst, 1)
  await until('no request', () => vane.engine.stats().requests.active === 0, 8_000)
  expect(vane.logs.filter(({ message }) => message.endsWith('failed'))).toMatchObject([
    { level: 'debug', fields: { err: { message: 'client took nothing for 100 ms' } } },
    { level: 'debug', fields: { err: { message: 'client took nothing for 100 ms' } } },
  ])
  expect(vane.engine.stats().errors.timeout).toBe(2)
})

test('the rest of an upload is not read without end once nobody wants it', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno')
      setImmediate(() => socket.resetAndDestroy())
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000000\r\n\r\n')
  await client.received('403')
  const chunk = Buffer.alloc(65_536)
  const pump = (): void => {
    while (!client.socket.destroyed && client.socket.write(chunk));
  }
  client.socket.on('drain', pump)
  pump()
  await until('connection closed', () => vane.engine.stats().connections.active === 0, 8_000)
})
