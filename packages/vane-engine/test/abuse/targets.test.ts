import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectRefused, expectServed, openStand, type Stand } from '../support/stand.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

test.each([
  'a',
  'a:80',
  'a/b',
  '?q',
  '*',
  '**',
  '*/x',
  '\\x',
  '.',
  '../x',
  '#',
  '/#',
  '/a#b',
  '/a?b#c',
  'ftp://a/',
  'file:///etc/passwd',
  'ws://a/',
  'javascript:alert(1)',
  'mailto:a@b.test',
  'http:',
  'http:/a',
  'http:a',
  'http://',
  'http:///x',
  'http://?x',
  'http://:80/',
  'http://u@a/',
  'http://u:p@a/',
  'http://a:b/',
  'http://a:80:80/',
  'http://a,b/',
  'http://a%2eb/',
  'http://[::1/',
  'http://[::1]x/',
  'http://a\\b/',
  'http://a#/x',
  'http//a/',
])('GET %s is refused', (target) => expectRefused(stand, `GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`, 400))

test.each(['POST', 'HEAD', 'DELETE', 'OPTION'])('* is not for %s', (method) =>
  expectRefused(stand, `${method} * HTTP/1.1\r\nhost: a\r\n\r\n`, 400),
)

test.each([
  '/',
  '/a',
  '/a?b?c',
  '/a?',
  '/?',
  '/a//b',
  '//a/b',
  '/../a',
  '/a/./b/../c',
  '/%2e%2E/..;x',
  '/%zz%',
  '/%00%0d%0a',
  '/a;b=c,d',
  '/:80',
  '/@x',
  '/http://b/',
  `/${'x'.repeat(8_000)}`,
  `/?${'y'.repeat(30_000)}`,
])('%.60s goes through byte for byte', async (target) => {
  const { requests } = await expectServed(stand, `GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`)
  expect(requests.map(({ startLine }) => startLine)).toEqual([`GET ${target} HTTP/1.1`])
})

test.each([
  ['http://b.test/x?y', '/x?y', 'b.test'],
  ['HTTP://b.test/x', '/x', 'b.test'],
  ['http://B.test:8080/', '/', 'B.test:8080'],
  ['http://b.test', '/', 'b.test'],
  ['http://b.test?q', '/?q', 'b.test'],
  ['http://[::1]:80/x', '/x', '[::1]:80'],
  ['http://b.test//x', '//x', 'b.test'],
  ['http://b.test/http://c.test/', '/http://c.test/', 'b.test'],
])('the host of %s overrides the field', async (target, path, host) => {
  const { requests } = await expectServed(stand, `GET ${target} HTTP/1.1\r\nhost: a.test\r\n\r\n`)
  expect(requests.map(({ startLine, fields }) => [startLine, fields.filter(([name]) => name === 'host')])).toEqual([
    [`GET ${path} HTTP/1.1`, [['host', host]]],
  ])
})

test.each(['*', 'http://b.test'])('OPTIONS %s asks about the server as a whole', async (target) => {
  const { requests } = await expectServed(stand, `OPTIONS ${target} HTTP/1.1\r\nhost: b.test\r\n\r\n`, ['OPTIONS'])
  expect(requests.map(({ startLine }) => startLine)).toEqual(['OPTIONS * HTTP/1.1'])
})
