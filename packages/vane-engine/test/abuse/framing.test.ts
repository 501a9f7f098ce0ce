import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Case, expectRefused, expectServed, openStand, type Stand } from '../support/stand.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const HEAD = 'POST / HTTP/1.1\r\nhost: a\r\n'
const post = (lines: string, body = '0\r\n\r\n'): string => `${HEAD}${lines}\r\n\r\n${body}`

const BOTH: readonly Case[] = [
  { what: 'length, then chunked', send: post('content-length: 5\r\ntransfer-encoding: chunked') },
  { what: 'chunked, then length', send: post('transfer-encoding: chunked\r\ncontent-length: 5') },
  { what: 'length 0 and chunked', send: post('content-length: 0\r\ntransfer-encoding: chunked') },
  { what: 'chunked and an empty length', send: post('transfer-encoding: chunked\r\ncontent-length:') },
  { what: 'length and an empty coding', send: post('content-length: 5\r\ntransfer-encoding:') },
  { what: 'length and identity', send: post('content-length: 5\r\ntransfer-encoding: identity') },
  {
    what: 'length and chunked in HTTP/1.0',
    send: post('content-length: 5\r\ntransfer-encoding: chunked').replace('1.1', '1.0'),
  },
  { what: 'two lengths that agree', send: post('content-length: 5\r\ncontent-length: 5', '12345') },
  { what: 'two lengths that differ', send: post('content-length: 5\r\ncontent-length: 6', '12345') },
  { what: 'two lengths, spelled differently', send: post('Content-Length: 5\r\nCONTENT-LENGTH: 0', '12345') },
  { what: 'three lengths', send: post('content-length: 5\r\n'.repeat(3).trimEnd(), '12345') },
  { what: 'lengths far apart', send: post(`content-length: 5\r\n${'x: 1\r\n'.repeat(50)}content-length: 6`, '12345') },
  { what: 'two lengths on a GET', send: post('content-length: 0\r\ncontent-length: 0', '').replace('POST', 'GET') },
  { what: 'two codings, the last chunked', send: post('transfer-encoding: gzip\r\ntransfer-encoding: chunked') },
  { what: 'two codings, the first chunked', send: post('transfer-encoding: chunked\r\ntransfer-encoding: gzip') },
  { what: 'two codings, both chunked', send: post('transfer-encoding: chunked\r\ntransfer-encoding: chunked') },
  { what: 'two codings, the last empty', send: post('transfer-encoding: chunked\r\ntransfer-encoding:') },
  { what: 'chunked in HTTP/1.0', send: post('transfer-encoding: chunked').replace('1.1', '1.0') },
  {
    what: 'chunked in HTTP/1.0 that is to go on',
    send: post('connection: keep-alive\r\ntransfer-encoding: chunked').replace('1.1', '1.0'),
  },
  { what: 'a space before the colon of a length', send: post('content-length : 5', '12345') },
  { what: 'a space before the colon of a coding', send: post('transfer-encoding : chunked') },
  { what: 'a folded coding', send: post('transfer-encoding:\r\n chunked') },
  { what: 'a folded length', send: post('content-length:\r\n 5', '12345') },
  { what: 'a vertical tab before chunked', send: post('transfer-encoding: \x0bchunked') },
]
test.each(BOTH)('refused: $what', ({ send }) => expectRefused(stand, send, 400))

test.each([
  '',
  '+5',
  '-5',
  '-0',
  '0x5',
  '5h',
  'five',
  '5.0',
  '5e0',
  '5,5',
  '5, 5',
  '5,6',
  '5;',
  '5 5',
  '5\t5',
  '"5"',
  '\xb2',
  '\xd9\xa5',
  '5_0',
  '9'.repeat(16),
  '18446744073709551616',
  '18446744073709551621',
  '9'.repeat(400),
])('refused: a content-length of %.40j', (value) =>
  expectRefused(stand, post(`content-length: ${value}`, '12345'), 400),
)

test.each([
  '',
  'identity',
  'gzip',
  'deflate',
  'gzip, chunked',
  'chunked, gzip',
  'chunked, chunked',
  'chunked, identity',
  'identity, chunked',
  ', chunked',
  'chunked,',
  'chunked;',
  'chunked;q=1',
  'chunked x',
  'xchunked',
  'chunkedx',
  'chunke',
  'chun ked',
  '"chunked"',
  "'chunked'",
  '(chunked)',
  'chunked\x0c',
  'ch\xfcnked',
])('refused: a transfer-encoding of %j', (value) => expectRefused(stand, post(`transfer-encoding: ${value}`), 400))

test.each(['chunked', 'Chunked', 'CHUNKED', '\tchunked \t'])('a transfer-encoding of %j is chunked', async (value) => {
  const send = post(`transfer-encoding: ${value}`, '3\r\nabc\r\n0\r\n\r\n')
  const { requests } = await expectServed(stand, send, ['POST'])
  expect(requests.map(({ body, framing }) => [body, framing])).toEqual([['abc', 'chunked']])
})

test.each(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PUT'])('%s with a length carries its body', async (method) => {
  const send = `${method} /x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello`
  const { requests } = await expectServed(stand, send, [method])
  expect(requests.map(({ body }) => body)).toEqual(['hello'])
})

test('a body that looks like a request is a body', async () => {
  const inner = 'GET /smuggled HTTP/1.1\r\nhost: b\r\n\r\n'
  const send = post(`content-length: ${inner.length}`, inner)
  const { requests } = await expectServed(stand, send, ['POST'])
  expect(requests.map(({ body }) => body)).toEqual([inner])
})

test('names that have more than those of framing are none', async () => {
  const lines = 'content-lengths: 5\r\nx-transfer-encoding: chunked'
  const { requests } = await expectServed(stand, post(lines, ''), ['POST'])
  expect(requests.map(({ body }) => body)).toEqual([''])
})
