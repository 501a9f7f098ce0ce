import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectRaw } from '../support/raw-client.ts'
import { expectServed, openStand, type Stand, statusOf } from '../support/stand.ts'
import { readStrictResponses } from '../support/strict-message.ts'
import { until } from '../support/until.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

test.each([
  ['1.1', '', false],
  ['1.1', 'connection: keep-alive', false],
  ['1.1', 'connection: x', false],
  ['1.1', 'connection:', false],
  ['1.1', 'connection: closed', false],
  ['1.1', 'x-connection: close', false],
  ['1.1', 'proxy-connection: close', false],
  ['1.1', 'connection: close', true],
  ['1.1', 'Connection: Close', true],
  ['1.1', 'CONNECTION: CLOSE', true],
  ['1.1', 'connection: keep-alive, close', true],
  ['1.1', 'connection: close, keep-alive', true],
  ['1.1', 'connection: x,close', true],
  ['1.1', 'connection: x ,\tclose\t', true],
  ['1.1', 'connection: ,,close,', true],
  ['1.1', 'connection: x\r\nconnection: close', true],
  ['1.1', 'connection: close\r\nconnection: keep-alive', true],
  ['1.0', '', true],
  ['1.0', 'connection: close', true],
  ['1.0', 'connection: close, keep-alive', true],
  ['1.0', 'connection: keep-alive', false],
  ['1.0', 'connection: Keep-Alive', false],
  ['1.0', 'connection: x, keep-alive', false],
  ['1.0', 'keep-alive: timeout=5', true],
  ['1.0', 'proxy-connection: keep-alive', true],
])('HTTP/%s with %j: closes is %s', async (version, line, expected) => {
  const lines = line === '' ? '' : `${line}\r\n`
  const { closes, requests, responses } = await expectServed(stand, `GET / HTTP/${version}\r\nhost: a\r\n${lines}\r\n`)
  expect(closes).toBe(expected)
  expect(responses.map(statusOf)).toEqual([200])
  expect(requests).toHaveLength(1)
})

test('a client that has ended its side is answered', async () => {
  using client = await connectRaw(stand.vane.port)
  client.socket.end('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  expect(readStrictResponses(await client.closed(), ['GET']).map(statusOf)).toEqual([200])
})

test.each(['', 'G', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nhost: a\r\n', 'GET / HTTP/1.1\r\nhost: a\r\n\r'])(
  'a client that ends after %j has asked nothing',
  async (sent) => {
    stand.upstream.forget()
    using client = await connectRaw(stand.vane.port)
    client.socket.end(sent)
    const text = await client.closed()
    if (text !== '') expect(readStrictResponses(text, []).map(statusOf)).toEqual([400])
    expect(stand.upstream.received.join('')).toBe('')
  },
)

test('each of many requests on one connection is answered', async () => {
  const one = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
  using client = await connectRaw(stand.vane.port)
  for (let index = 1; index <= 50; index++) {
    client.send(one)
    await until(`answer ${index}`, () => client.text.split('\r\n\r\nok').length > index)
  }
  expect(client.closedBy).toBeUndefined()
})
