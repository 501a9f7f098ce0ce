import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Case, expectBrokenOff, expectServed, openStand, type Stand } from '../support/stand.ts'
import { connectRaw } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const chunked = (body: string): string => `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${body}`

const SIZES: readonly Case[] = [
  { what: 'an empty size', send: '\r\nabc\r\n0\r\n\r\n' },
  { what: 'a plus', send: '+3\r\nabc\r\n0\r\n\r\n' },
  { what: 'a minus', send: '-3\r\nabc\r\n0\r\n\r\n' },
  { what: 'minus nought', send: '-0\r\n\r\n' },
  { what: 'a prefix of hexadecimal', send: '0x3\r\nabc\r\n0\r\n\r\n' },
  { what: 'a letter beyond f', send: '3g\r\nabc\r\n0\r\n\r\n' },
  { what: 'a letter alone', send: 'g\r\nabc\r\n0\r\n\r\n' },
  { what: 'a space before the size', send: ' 3\r\nabc\r\n0\r\n\r\n' },
  { what: 'a space behind the size', send: '3 \r\nabc\r\n0\r\n\r\n' },
  { what: 'a tab behind the size', send: '3\t\r\nabc\r\n0\r\n\r\n' },
  { what: 'a space within the size', send: '1 0\r\n0123456789abcdef\r\n0\r\n\r\n' },
  { what: 'an underscore within the size', send: '1_0\r\n0123456789abcdef\r\n0\r\n\r\n' },
  { what: 'a comma', send: '3,\r\nabc\r\n0\r\n\r\n' },
  { what: 'a point', send: '3.0\r\nabc\r\n0\r\n\r\n' },
  { what: 'a NUL behind the size', send: '3\0\r\nabc\r\n0\r\n\r\n' },
  { what: 'a digit of another script', send: '\xb3\r\nabc\r\n0\r\n\r\n' },
  { what: 'more than 64 bits', send: '10000000000000003\r\nabc\r\n0\r\n\r\n' },
  { what: 'all of 64 bits', send: 'ffffffffffffffff\r\nabc\r\n0\r\n\r\n' },
  { what: 'more than a double holds exactly', send: '20000000000000\r\nabc\r\n0\r\n\r\n' },
  { what: 'a hundred digits', send: `${'f'.repeat(100)}\r\nabc\r\n0\r\n\r\n` },
  { what: 'a bare LF behind the size', send: '3\nabc\r\n0\r\n\r\n' },
  { what: 'a bare CR behind the size', send: '3\rabc\r\n0\r\n\r\n' },
  { what: 'CR CR LF behind the size', send: '3\r\r\nabc\r\n0\r\n\r\n' },
  { what: 'data that is too long', send: '3\r\nabcd\r\n0\r\n\r\n' },
  { what: 'data that is too short', send: '4\r\nabc\r\n0\r\n\r\n' },
  { what: 'data that ends in a bare LF', send: '3\r\nabc\n0\r\n\r\n' },
  { what: 'data that ends in a bare CR', send: '3\r\nabc\r0\r\n\r\n' },
  { what: 'data that ends in nothing', send: '3\r\nabc0\r\n\r\n' },
  { what: 'an empty line for the last chunk', send: '3\r\nabc\r\n\r\n' },
  { what: 'a bare LF behind the last size', send: '3\r\nabc\r\n0\n\r\n' },
  { what: 'a bare LF at the end', send: '3\r\nabc\r\n0\r\n\n' },
  { what: 'a bare CR at the end', send: '3\r\nabc\r\n0\r\n\rx' },
  { what: 'an extension of 20 KiB', send: `3;${'x'.repeat(20_480)}\r\nabc\r\n0\r\n\r\n` },
  { what: 'an extension that does not end', send: `3;${'x'.repeat(200_000)}` },
  { what: 'an extension without a name', send: '3;\r\nabc\r\n0\r\n\r\n' },
  { what: 'a bare LF in an extension', send: '3;a=b\nabc\r\n0\r\n\r\n' },
  { what: 'a bare CR in an extension', send: '3;a\rb\r\nabc\r\n0\r\n\r\n' },
  { what: 'a NUL in an extension', send: '3;a\0b\r\nabc\r\n0\r\n\r\n' },
  { what: 'a line break in a quoted extension', send: '3;a="\n"\r\nabc\r\n0\r\n\r\n' },
]
test.each(SIZES)('refused: $what', ({ send }) => expectBrokenOff(stand, chunked(send), 400))

test.each(SIZES)('refused behind a good chunk: $what', ({ send }) =>
  expectBrokenOff(stand, chunked(`2\r\nxy\r\n${send}`), 400),
)

test.each([
  ['one chunk', '3\r\nabc\r\n0\r\n\r\n', 'abc'],
  ['several', '1\r\na\r\n2\r\nbc\r\n0\r\n\r\n', 'abc'],
  ['none', '0\r\n\r\n', ''],
  ['a size in upper case', `A\r\n0123456789\r\n0\r\n\r\n`, '0123456789'],
  ['a size in lower case', `a\r\n0123456789\r\n0\r\n\r\n`, '0123456789'],
  ['a leading nought', '03\r\nabc\r\n0\r\n\r\n', 'abc'],
  ['a last size of noughts', '3\r\nabc\r\n000\r\n\r\n', 'abc'],
  ['an extension, which does not cross', '3;a=b;c="d;e"\r\nabc\r\n0;f\r\n\r\n', 'abc'],
  ['line breaks within data', '6\r\n\r\n0\r\n\n\r\n0\r\n\r\n', '\r\n0\r\n\n'],
])('%s', async (_what, send, body) => {
  const { requests, closes } = await expectServed(stand, chunked(send), ['POST'])
  expect(requests.map((request) => request.body)).toEqual([body])
  expect(closes).toBe(false)
})

test.each(['3\r\nabc', '3\r\nabc\r\n', '3\r\nabc\r\n0\r\n', '3', ''])(
  'a client that ends after %j has not sent a request',
  async (sent) => {
    stand.upstream.forget()
    using client = await connectRaw(stand.vane.port)
    client.socket.end(Buffer.from(chunked(sent), 'latin1'))
    await client.closed()
    await until('nothing under way', () => stand.vane.engine.stats().requests.active === 0)
    expect(stand.upstream.requests).toEqual([])
    expect(client.text).not.toMatch(/^HTTP\/1\.1 2/)
  },
)
