import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Case, expectRefused, expectServed, openStand, type Stand } from '../support/stand.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const NUMBERS: readonly Case[] = [
  { what: 'none', send: 'GET / HTTP/1.1\r\nx: 1\r\n\r\n' },
  { what: 'none, and no other field', send: 'GET / HTTP/1.1\r\n\r\n' },
  { what: 'none, with a target that names one', send: 'GET http://a/ HTTP/1.1\r\nx: 1\r\n\r\n' },
  { what: 'two that agree', send: 'GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n' },
  { what: 'two that differ', send: 'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n' },
  { what: 'two, spelled differently', send: 'GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n' },
  { what: 'two, far from each other', send: `GET / HTTP/1.1\r\nhost: a\r\n${'x: 1\r\n'.repeat(50)}host: b\r\n\r\n` },
  { what: 'two, one of them empty', send: 'GET / HTTP/1.1\r\nhost:\r\nhost: b\r\n\r\n' },
  { what: 'two, with a target that names one', send: 'GET http://a/ HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n' },
  { what: 'two in HTTP/1.0', send: 'GET / HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n' },
  { what: 'a space before the colon of the only one', send: 'GET / HTTP/1.1\r\nhost : a\r\n\r\n' },
]
test.each(NUMBERS)('refused: $what', ({ send }) => expectRefused(stand, send, 400))

test.each([
  'a b',
  'a,b',
  'a, b',
  'a;b',
  'a/b',
  'a\\b',
  'a?b',
  'a#b',
  'u@a',
  'u:p@a',
  'a:b',
  'a:80:80',
  'a:-1',
  'a:+80',
  'a:0x50',
  'a:123456',
  'a:8 0',
  '[::1',
  '::1',
  'a]',
  '[]',
  '[x]',
  '[::1]x',
  '"a"',
  '<a>',
  '%61',
  'a%00',
  'a\tb',
  'caf\xe9',
  'http://a',
  'a|b',
  '${a}',
])('the host %j is refused', (host) => expectRefused(stand, `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 400))

test.each([
  'a',
  'A.Test',
  'a.test.',
  'a.test:80',
  'a_b.test',
  'xn--caf-dma.test',
  '192.0.2.1:8080',
  '[2001:db8::1]',
  '[2001:db8::1]:81',
])('the host %s crosses as it is', async (host) => {
  const { requests } = await expectServed(stand, `GET / HTTP/1.1\r\nhOsT: \t${host} \t\r\n\r\n`)
  expect(requests[0]?.fields.filter(([name]) => name === 'host')).toEqual([['host', host]])
})

test('HTTP/1.0 may name none', async () => {
  const { requests } = await expectServed(stand, 'GET / HTTP/1.0\r\n\r\n')
  expect(requests[0]?.fields.filter(([name]) => name === 'host')).toHaveLength(1)
})
