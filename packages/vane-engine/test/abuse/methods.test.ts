import { afterAll, beforeAll, expect, test } from 'vitest'
import { endToEnd, expectRefused, expectServed, openStand, type Stand, statusOf } from '../support/stand.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

test.each([
  'TRACE / HTTP/1.1\r\nhost: a\r\n\r\n',
  'TRACE / HTTP/1.0\r\nhost: a\r\n\r\n',
  'TRACE http://a/ HTTP/1.1\r\nhost: a\r\n\r\n',
  'TRACE / HTTP/1.1\r\nhost: a\r\nmax-forwards: 0\r\n\r\n',
  'TRACE / HTTP/1.1\r\nhost: a\r\nmax-forwards: 5\r\n\r\n',
  'TRACE / HTTP/1.1\r\nhost: a\r\ncookie: secret\r\ncontent-length: 3\r\n\r\nabc',
  'CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n',
  'CONNECT a:443 HTTP/1.0\r\n\r\n',
  'CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: 127.0.0.1:22\r\n\r\nSSH-2.0-x\r\n',
  'CONNECT [::1]:443 HTTP/1.1\r\nhost: [::1]:443\r\n\r\n',
  'CONNECT / HTTP/1.1\r\nhost: a\r\n\r\n',
  'CONNECT http://a/ HTTP/1.1\r\nhost: a\r\n\r\n',
  'CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
])('%j is refused', (send) => expectRefused(stand, send, 405))

test.each(['* HTTP/1.1', '/x HTTP/1.1', 'http://a HTTP/1.1'])(
  'OPTIONS %s that may go no further is answered here',
  async (rest) => {
    const send = `OPTIONS ${rest}\r\nhost: a\r\nmax-forwards: 0\r\n\r\n`
    const { requests, responses } = await expectServed(stand, send, ['OPTIONS'])
    expect(requests).toEqual([])
    expect(Math.trunc(statusOf(responses[0]!) / 100)).toBe(2)
  },
)

test.each([
  ['1', '0'],
  ['5', '4'],
  ['10', '9'],
  ['100', '99'],
])('OPTIONS with max-forwards: %s goes on with %s', async (sent, expected) => {
  const send = `OPTIONS /x HTTP/1.1\r\nhost: a\r\nmax-forwards: ${sent}\r\n\r\n`
  const { requests } = await expectServed(stand, send, ['OPTIONS'])
  expect(requests.flatMap(endToEnd).filter((line) => line.startsWith('max-forwards'))).toEqual([
    `max-forwards: ${expected}`,
  ])
})

test.each(['GET', 'POST'])('max-forwards says nothing to %s', async (method) => {
  const send = `${method} / HTTP/1.1\r\nhost: a\r\nmax-forwards: 0\r\n\r\n`
  const { requests } = await expectServed(stand, send, [method])
  expect(requests.flatMap(endToEnd)).toContain('max-forwards: 0')
})
