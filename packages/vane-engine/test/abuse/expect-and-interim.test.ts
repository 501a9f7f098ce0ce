import { expect, test } from 'vitest'
import { graphOf, proxyTo } from '../support/graph-builder.ts'
import { connectRaw, exchangeRaw } from '../support/raw-client.ts'
import { startScriptedUpstream } from '../support/scripted-upstream.ts'
import { endToEnd, expectRefused, expectServed, openStand, statusOf } from '../support/stand.ts'
import { startEngine } from '../support/start-engine.ts'
import { readStrictResponses } from '../support/strict-message.ts'
import { startRawUpstream } from '../support/upstream.ts'
import { until } from '../support/until.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const post = (lines: string, body = ''): string => `POST / HTTP/1.1\r\nhost: a\r\n${lines}\r\n\r\n${body}`

test.each([
  'magic',
  '100',
  'continue',
  '100-continu',
  '100-continued',
  '100-continue;q=1',
  '100 continue',
  '200-ok',
  '100-continue, magic',
  'magic, 100-continue',
  'x="100-continue"',
])('the expectation %j is refused', async (value) => {
  await using stand = await openStand()
  await expectRefused(stand, post(`expect: ${value}\r\ncontent-length: 3`, 'abc'), 417)
})

test.each(['100-continue', '100-Continue', '100-CONTINUE', ' 100-continue\t'])(
  'the expectation %j is passed on, and the body follows once somebody asks for it',
  async (value) => {
    let received = ''
    await using upstream = await startRawUpstream((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        if (received.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
        else if (received.endsWith('abc')) socket.write(OK)
      })
    })
    await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
    using client = await connectRaw(vane.port)
    client.send(post(`expect: ${value}\r\ncontent-length: 3`))
    expect(await client.received('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect(received).toMatch(/\r\nexpect: 100-continue\r\n[^]*\r\n\r\n$/i)
    client.send('abc')
    await client.received('\r\n\r\nok')
    expect(client.text.match(/100 Continue/g)).toHaveLength(1)
    expect(client.closedBy).toBeUndefined()
  },
)

test('a client that does not wait is served', async () => {
  await using stand = await openStand()
  const { requests } = await expectServed(stand, post('expect: 100-continue\r\ncontent-length: 3', 'abc'), ['POST'])
  expect(requests.map(({ body }) => body)).toEqual(['abc'])
})

test('an upstream that never asks gets the body all the same', async () => {
  await using stand = await openStand()
  using client = await connectRaw(stand.vane.port)
  client.send(post('expect: 100-continue\r\ncontent-length: 3'))
  await client.received('HTTP/1.1 100 Continue\r\n\r\n')
  client.send('abc')
  await client.received('\r\n\r\nok')
  expect(stand.upstream.requests.map(({ body }) => body)).toEqual(['abc'])
})

test.each([200, 401, 413, 417, 500])(
  'a %i in place of 100 is final, and the body is not taken for a request',
  async (status) => {
    let received = ''
    await using upstream = await startRawUpstream((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        if (received.endsWith('\r\n\r\n')) socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 2\r\n\r\nno`)
      })
    })
    await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
    using client = await connectRaw(vane.port)
    client.send(post('expect: 100-continue\r\ncontent-length: 40'))
    await client.received('\r\n\r\nno')
    client.send('GET /smuggled HTTP/1.1\r\nhost: b\r\n\r\n')
    await client.closed()
    expect(readStrictResponses(client.text, ['POST']).map(statusOf)).toEqual([status])
    expect(received).not.toContain('smuggled')
  },
)

test('HTTP/1.0 expects nothing', async () => {
  await using stand = await openStand()
  const send = post('expect: 100-continue\r\ncontent-length: 3', 'abc').replace('1.1', '1.0')
  const { text, requests } = await expectServed(stand, send, ['POST'])
  expect(text).not.toContain('100 Continue')
  expect(requests.map(({ body }) => body)).toEqual(['abc'])
})

test('an expectation without a body is served', async () => {
  await using stand = await openStand()
  const { requests } = await expectServed(stand, 'GET / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\r\n')
  expect(requests).toHaveLength(1)
})

const get = (version = '1.1'): string => `GET / HTTP/${version}\r\nhost: a\r\nconnection: close\r\n\r\n`

test.each([102, 103, 110, 199])('%i is passed on, without what concerns one connection only', async (status) => {
  const interim = `HTTP/1.1 ${status} Hint\r\nlink: </a>\r\nconnection: x-secret\r\nx-secret: 1\r\nkeep-alive: 5\r\nupgrade: h2c\r\n\r\n`
  await using upstream = await startScriptedUpstream({ send: interim + OK })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  const answers = readStrictResponses(await exchangeRaw(vane.port, get()), ['GET'])
  expect(answers.map(statusOf)).toEqual([status, 200])
  expect(endToEnd(answers[0]!).filter((line) => !line.startsWith('date:'))).toEqual(['link: </a>'])
})

test.each(['100 Continue', '102 Processing', '103 Early Hints'])('HTTP/1.0 does not get %s', async (line) => {
  await using upstream = await startScriptedUpstream({ send: `HTTP/1.1 ${line}\r\n\r\n${OK}` })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  expect(readStrictResponses(await exchangeRaw(vane.port, get('1.0')), ['GET']).map(statusOf)).toEqual([200])
})

test('100 that nobody waits for is not passed on', async () => {
  await using upstream = await startScriptedUpstream({ send: `HTTP/1.1 100 Continue\r\n\r\n${OK}` })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  expect(readStrictResponses(await exchangeRaw(vane.port, get()), ['GET']).map(statusOf)).toEqual([200])
})

test('answers that come before the request is complete are passed on', async () => {
  await using upstream = await startScriptedUpstream({ send: OK })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(post('content-length: 10', 'abc'))
  await client.received('\r\n\r\nok')
})

test('an upstream that answers and closes before the request is complete is heard', async () => {
  const send = 'HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno'
  await using upstream = await startScriptedUpstream({ send, by: 'end' })
  await using vane = await startEngine(graphOf(proxyTo(upstream.port)))
  using client = await connectRaw(vane.port)
  client.send(post('transfer-encoding: chunked', '3\r\nabc\r\n'))
  await client.received('\r\n\r\nno')
  await until('upstream connection closed', () => upstream.isClosed(0))
  expect(client.text).toMatch(/^HTTP\/1\.1 413 /)
})
