import { expect, test } from 'vitest'
import { answer, graphOf, proxyTo } from '../support/graph-builder.ts'
import { connectRaw, exchangeRaw, type RawClient } from '../support/raw-client.ts'
import { startScriptedUpstream } from '../support/scripted-upstream.ts'
import { openStand, statusOf } from '../support/stand.ts'
import { startEngine } from '../support/start-engine.ts'
import { readStrictResponses } from '../support/strict-message.ts'
import { startRawUpstream } from '../support/upstream.ts'
import { until } from '../support/until.ts'

const SHORT_MS = 100
const DRIP_MS = 10
const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nhost: a\r\n'

/** Sends bytes one by one, slowly, over and over, until the client's connection is over. */
async function drip(client: RawClient, bytes: string): Promise<void> {
  for (let index = 0; client.closedBy === undefined && client.text === ''; index++) {
    client.send(bytes[index % bytes.length]!)
    await new Promise((resolve) => setTimeout(resolve, DRIP_MS))
  }
}

test.each([
  'G',
  'GET / HTTP/1.1',
  'GET / HTTP/1.1\r\n',
  'GET / HTTP/1.1\r\nhost: a',
  'GET / HTTP/1.1\r\nhost: a\r\n',
  'GET / HTTP/1.1\r\nhost: a\r\n\r',
])('a head that stops after %j: 408', async (send) => {
  await using stand = await openStand({ engine: { limits: { headerTimeoutMs: SHORT_MS } } })
  const answers = readStrictResponses(await exchangeRaw(stand.vane.port, send), [])
  expect(answers.map(statusOf)).toEqual([408])
  expect(stand.upstream.received.join('')).toBe('')
  expect(stand.vane.engine.stats().limitHits).toEqual({ header_timeout: 1 })
})

test('a head that keeps dripping in: 408, however little is missing', async () => {
  await using stand = await openStand({ engine: { limits: { headerTimeoutMs: SHORT_MS } } })
  using client = await connectRaw(stand.vane.port)
  client.send('GET / HTTP/1.1\r\nhost: a\r\nx: ')
  await drip(client, 'y')
  expect(readStrictResponses(await client.closed(), []).map(statusOf)).toEqual([408])
  expect(stand.upstream.received.join('')).toBe('')
})

test('the head of a second request that drips in: 408', async () => {
  await using stand = await openStand({ engine: { limits: { headerTimeoutMs: SHORT_MS } } })
  using client = await connectRaw(stand.vane.port)
  client.send(GET)
  await client.received('\r\n\r\nok')
  client.send('GET /second HTTP/1.1\r\nhost:')
  expect(readStrictResponses(await client.closed(), ['GET']).map(statusOf)).toEqual([200, 408])
  expect(stand.upstream.requests.map(({ startLine }) => startLine)).toEqual(['GET / HTTP/1.1'])
})

test('a connection on which nothing comes is closed, without a word or with 408', async () => {
  const limits = { headerTimeoutMs: SHORT_MS, keepAliveTimeoutMs: SHORT_MS }
  await using stand = await openStand({ engine: { limits } })
  const text = await exchangeRaw(stand.vane.port, '')
  if (text !== '') expect(readStrictResponses(text, []).map(statusOf)).toEqual([408])
})

test('a connection on which nothing more comes is closed, without a word', async () => {
  await using stand = await openStand({ engine: { limits: { keepAliveTimeoutMs: SHORT_MS } } })
  const text = await exchangeRaw(stand.vane.port, GET)
  expect(readStrictResponses(text, ['GET']).map(statusOf)).toEqual([200])
})

test.each([
  ['a length of which nothing comes', 'content-length: 10\r\n\r\n'],
  ['a length of which half comes', 'content-length: 10\r\n\r\nhello'],
  ['no chunk', 'transfer-encoding: chunked\r\n\r\n'],
  ['half of a chunk size', 'transfer-encoding: chunked\r\n\r\n1'],
  ['half of a chunk', 'transfer-encoding: chunked\r\n\r\n5\r\nhe'],
  ['no last chunk', 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ['half of an end', 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n'],
  ['half of a trailer', 'transfer-encoding: chunked\r\n\r\n0\r\nx: 1'],
])('a body that stops with %s: 408', async (_what, send) => {
  await using stand = await openStand({ engine: { limits: { bodyIdleTimeoutMs: SHORT_MS } } })
  const answers = readStrictResponses(await exchangeRaw(stand.vane.port, POST + send), ['POST'])
  expect(answers.map(statusOf)).toEqual([408])
  expect(stand.upstream.requests).toEqual([])
})

test('a body that keeps moving is not cut, however slow', async () => {
  await using stand = await openStand({ engine: { limits: { bodyIdleTimeoutMs: 100 * DRIP_MS } } })
  using client = await connectRaw(stand.vane.port)
  client.send(`${POST}content-length: 150\r\n\r\n`)
  for (let index = 0; index < 150; index++) {
    client.send('x')
    await new Promise((resolve) => setTimeout(resolve, DRIP_MS))
  }
  await client.received('\r\n\r\nok')
  expect(stand.upstream.requests.map(({ body }) => body)).toEqual(['x'.repeat(150)])
})

test('an unread body that never ends does not hold the connection', async () => {
  await using vane = await startEngine(graphOf(answer('hi')), { limits: { bodyIdleTimeoutMs: SHORT_MS } })
  using client = await connectRaw(vane.port)
  client.send(`${POST}content-length: 1000000\r\n\r\nabc`)
  await client.closed()
  expect(readStrictResponses(client.text, ['POST']).map(statusOf)).toEqual([200])
})

test('a client that reads nothing is cut, and the upstream is let go', async () => {
  const big = 64 * 1024 * 1024
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${big}\r\n\r\n`)
      const block = Buffer.alloc(65_536)
      const pour = (): void => {
        while (!socket.destroyed && socket.write(block));
      }
      socket.on('drain', pour)
      pour()
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)), { limits: { writeStallTimeoutMs: SHORT_MS } })
  using client = await connectRaw(vane.port)
  client.socket.pause()
  client.send(GET)
  await until('request under way', () => vane.engine.stats().requests.active === 1)
  await until('request over', () => vane.engine.stats().requests.active === 0)
  await until('upstream let go', () => upstream.sockets[0]!.destroyed || upstream.sockets[0]!.readableEnded)
  // Whatever the kernel held, it was not all of it.
  expect(upstream.sockets[0]!.bytesWritten).toBeLessThan(big)
})

const TIMEOUTS = { firstByteMs: SHORT_MS, idleMs: SHORT_MS }

test.each([
  '',
  'H',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n',
  'HTTP/1.1 102 Processing\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
])('an upstream that stops after %j: 504', async (send) => {
  await using upstream = await startScriptedUpstream({ send })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts: TIMEOUTS })))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('HTTP/1.1 504 ')
  await until('upstream connection closed', () => upstream.isClosed(0))
  client.send('GET /second HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.received('\r\n\r\nok')
  expect(upstream.heads.map((heads) => heads.length)).toEqual([1, 1])
})

test('an upstream whose head keeps dripping in: 504', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nx: ')
      const clock = setInterval(() => socket.write('y'), DRIP_MS)
      socket.once('close', () => clearInterval(clock))
      socket.once('end', () => clearInterval(clock))
    })
  })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts: TIMEOUTS })))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('HTTP/1.1 504 ')
})

test.each([
  ['a length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'],
  ['chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ['the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nhello'],
])('a response that stops within %s never looks complete', async (_what, send) => {
  await using upstream = await startScriptedUpstream({ send })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts: TIMEOUTS })))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.received('hello')
  await client.closed()
  expect(() => readStrictResponses(client.text, ['GET'])).toThrow('unfinished')
  await until('upstream connection closed', () => upstream.isClosed(0))
})

test('a whole exchange has a limit, too', async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      const clock = setInterval(() => socket.write('1\r\nx\r\n'), DRIP_MS)
      socket.once('close', () => clearInterval(clock))
      socket.once('end', () => clearInterval(clock))
    })
  })
  const timeouts = { ...TIMEOUTS, totalMs: 3 * SHORT_MS }
  await using vane = await startEngine(graphOf(proxyTo(upstream.port, { timeouts })))
  using client = await connectRaw(vane.port)
  client.send(GET)
  await client.closed()
  expect(() => readStrictResponses(client.text, ['GET'])).toThrow('unfinished')
})

test.each(['before the head', 'within the head', 'within the body'])(
  'a client that resets %s leaves nothing behind',
  async (where) => {
    await using upstream = await startScriptedUpstream({ send: '' })
    await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
    const sent = {
      'before the head': '',
      'within the head': 'GET / HT',
      'within the body': `${POST}content-length: 9\r\n\r\nabc`,
    }[where]!
    using client = await connectRaw(vane.port)
    client.send(sent)
    if (where === 'within the body') await until('head at the upstream', () => upstream.heads[0]?.length === 1)
    client.socket.resetAndDestroy()
    await until('connection forgotten', () => vane.engine.stats().connections.active === 0)
    await until('nothing under way', () => vane.engine.stats().requests.active === 0)
    if (where === 'within the body') await until('upstream connection closed', () => upstream.isClosed(0))
    else expect(upstream.heads).toEqual([])
  },
)
