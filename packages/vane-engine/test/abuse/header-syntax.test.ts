import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Case, endToEnd, expectRefused, expectServed, openStand, type Stand } from '../support/stand.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const within = (lines: string): string => `GET / HTTP/1.1\r\nhost: a\r\n${lines}\r\n\r\n`

const LINES: readonly Case[] = [
  { what: 'a bare LF at the end of a line', send: within('x: 1\ny: 2') },
  { what: 'a bare CR at the end of a line', send: within('x: 1\ry: 2') },
  { what: 'a bare LF in an empty value', send: within('x:\ny: 2') },
  { what: 'a bare CR in an empty value', send: within('x:\ry: 2') },
  { what: 'CR CR LF', send: within('x: 1\r\r\ny: 2') },
  { what: 'LF CR', send: within('x: 1\n\ry: 2') },
  { what: 'a bare LF that ends the head', send: 'GET / HTTP/1.1\r\nhost: a\r\n\n' },
  { what: 'LF LF that ends the head', send: 'GET / HTTP/1.1\r\nhost: a\n\n' },
  { what: 'a bare CR that ends the head', send: 'GET / HTTP/1.1\r\nhost: a\r\n\rx' },
  { what: 'a smuggled head behind a bare LF', send: within('x: 1\n\nGET /smuggled HTTP/1.1\nhost: b') },
  { what: 'a fold with a space', send: within('x: 1\r\n 2') },
  { what: 'a fold with a tab', send: within('x: 1\r\n\t2') },
  { what: 'a fold of nothing', send: within('x: 1\r\n ') },
  { what: 'a fold of an empty value', send: within('x:\r\n 1') },
  { what: 'a fold that looks like a field', send: within('x: 1\r\n content-length: 5') },
  { what: 'a first line that is folded', send: 'GET / HTTP/1.1\r\n host: a\r\nhost: b\r\n\r\n' },
  { what: 'a first line of whitespace', send: 'GET / HTTP/1.1\r\n \r\nhost: b\r\n\r\n' },
  { what: 'a space before the colon', send: within('x : 1') },
  { what: 'a tab before the colon', send: within('x\t: 1') },
  { what: 'a space within a name', send: within('x y: 1') },
  { what: 'a line without a colon', send: within('x') },
  { what: 'a line without a colon, with a space', send: within('x 1') },
  { what: 'a second request line', send: within('GET / HTTP/1.1') },
  { what: 'an empty name', send: within(': 1') },
  { what: 'a colon alone', send: within(':') },
]
test.each(LINES)('refused: $what', ({ send }) => expectRefused(stand, send, 400))

const NO_TOKEN = '()<>@,;\\"/[]?={}'.split('').map((char) => char.charCodeAt(0))
test.each([0x00, 0x01, 0x08, 0x0b, 0x0c, 0x1b, 0x1f, 0x7f, 0x80, 0xa0, 0xff, ...NO_TOKEN])(
  'refused: the byte %i within a name',
  (code) => expectRefused(stand, within(`x${String.fromCharCode(code)}y: 1`), 400),
)

test.each([0x00, 0x01, 0x07, 0x08, 0x0b, 0x0c, 0x0e, 0x1b, 0x1f, 0x7f])('refused: the byte %i within a value', (code) =>
  expectRefused(stand, within(`x: a${String.fromCharCode(code)}b`), 400),
)

test.each([0x00, 0x0b, 0x0c, 0x7f])('refused: the byte %i at the beginning of a value, or its end', async (code) => {
  await expectRefused(stand, within(`x: ${String.fromCharCode(code)}a`), 400)
  await expectRefused(stand, within(`x: a${String.fromCharCode(code)}`), 400)
})

test.each([
  ['x: 1', 'x: 1'],
  ['x:1', 'x: 1'],
  ['x: \t 1 \t ', 'x: 1'],
  ['x:', 'x: '],
  ['x: \t', 'x: '],
  ['x: a\tb  c', 'x: a\tb  c'],
  ['x: a:b', 'x: a:b'],
  ['x: \x80\xff', 'x: \x80\xff'],
  ["!#$%&'*+-.^_`|~9A: 1", "!#$%&'*+-.^_`|~9a: 1"],
  ['__proto__: 1', '__proto__: 1'],
  ['constructor: 1', 'constructor: 1'],
  [`x: ${'y'.repeat(20_000)}`, `x: ${'y'.repeat(20_000)}`],
])('%.40j crosses as %.40j', async (line, expected) => {
  const { requests } = await expectServed(stand, within(line))
  expect(requests.map(endToEnd)).toEqual([['host: a', expected]])
})

test('repeats, their order and their spelling stay', async () => {
  const { requests } = await expectServed(stand, within('X-B: 1\r\nx-a: 2\r\nX-b: 3\r\ncookie: c=1\r\ncookie: d=2'))
  expect(requests.map(endToEnd)).toEqual([['host: a', 'x-b: 1', 'x-a: 2', 'x-b: 3', 'cookie: c=1', 'cookie: d=2']])
  expect(stand.upstream.received.join('')).toMatch(/X-B: 1\r\nx-a: 2\r\nX-b: 3\r\n/)
})
