import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Case,
  endToEnd,
  expectBrokenOff,
  expectServed,
  openStand,
  type Stand,
  statusOf,
} from '../support/stand.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand({ engine: { limits: { maxHeadersCount: 20, maxHeaderBytes: 4_096 } } })
})
afterAll(() => stand[Symbol.asyncDispose]())

const trailed = (lines: string): string =>
  `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n${lines}\r\n\r\n`

const BROKEN: readonly Case[] = [
  { what: 'a bare LF', send: 'x: 1\ny: 2' },
  { what: 'a bare CR', send: 'x: 1\ry: 2' },
  { what: 'a fold', send: 'x: 1\r\n 2' },
  { what: 'a fold at the beginning', send: ' x: 1' },
  { what: 'a space before the colon', send: 'x : 1' },
  { what: 'no colon', send: 'x' },
  { what: 'an empty name', send: ': 1' },
  { what: 'a name that is no token', send: 'x(y): 1' },
  { what: 'a NUL in a value', send: 'x: a\0b' },
  { what: 'a NUL in a name', send: 'x\0: 1' },
  { what: 'a DEL in a value', send: 'x: \x7f' },
  { what: 'a request line', send: 'GET /smuggled HTTP/1.1' },
]
test.each(BROKEN)('refused: $what', ({ send }) => expectBrokenOff(stand, trailed(send), 400))

test.each([
  ['too many', 'x: 1\r\n'.repeat(200).trimEnd()],
  ['too large', `x: ${'y'.repeat(100_000)}`],
  ['too large, in many lines', `x: ${'y'.repeat(1_000)}\r\n`.repeat(19).trimEnd()],
])('refused: %s', (_what, lines) => expectBrokenOff(stand, trailed(lines), 431, 400))

test.each([
  'host: evil',
  'connection: close',
  'upgrade: evil',
  'te: trailers',
  'trailer: x',
  'expect: 100-continue',
  'authorization: evil',
  'proxy-authorization: evil',
  'cookie: evil',
  'set-cookie: evil',
  'content-type: evil/evil',
  'content-encoding: evil',
  'content-range: evil',
  'x-forwarded-for: evil',
  'x_forwarded_for: evil',
  'X-Real-IP: evil',
  'forwarded: for=evil',
])('%s is no trailer, and does not cross', async (line) => {
  const { requests } = await expectServed(stand, trailed(line), ['POST'])
  expect(requests.map(({ body, trailers }) => [body, trailers])).toEqual([['abc', []]])
  expect(requests[0]?.fields.some(([, value]) => value.includes('evil'))).toBe(false)
})

test.each(['content-length: 7', 'transfer-encoding: chunked'])(
  '%s as a trailer is refused or left out',
  async (line) => {
    const { requests, responses } = await expectServed(stand, trailed(line), ['POST'])
    if (statusOf(responses[0]!) === 400) expect(requests).toEqual([])
    else expect(requests.map(({ body, trailers }) => [body, trailers])).toEqual([['abc', []]])
  },
)

test('what may be one crosses as one, and never among the fields', async () => {
  const { requests } = await expectServed(stand, trailed('X-Sum: 42\r\nhost: evil\r\nx-sum: 43'), ['POST'])
  expect(requests[0]?.trailers).toEqual([
    ['x-sum', '42'],
    ['x-sum', '43'],
  ])
  expect(endToEnd(requests[0]!).filter((line) => line.startsWith('x-sum'))).toEqual([])
})
