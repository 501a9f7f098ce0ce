import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClientFault } from './client-fault.ts'
import { parseRequestHead, type RawRequestHead, type RequestHead } from './request-head.ts'

function parse(raw: Partial<RawRequestHead>): RequestHead {
  return parseRequestHead(
    { method: 'GET', target: '/', httpVersion: '1.1', rawHeaders: ['Host', 'a'], ...raw },
    100,
    'http',
  )
}

function statusOf(raw: Partial<RawRequestHead>): number {
  try {
    parse(raw)
    return 200
  } catch (error) {
    if (error instanceof ClientFault) return error.status
    throw error
  }
}

test.each([
  ['/', ['/', '/', '']],
  ['/a?b?c', ['/a?b?c', '/a', 'b?c']],
  ['//evil.test/x', ['//evil.test/x', '//evil.test/x', '']],
  ['/%2e%2E/..;x', ['/%2e%2E/..;x', '/%2e%2E/..;x', '']],
])('leaves target %s as it is', (target, expected) => {
  const head = parse({ target })
  expect([head.target, head.path, head.query]).toEqual(expected)
})

test.each([
  ['http://B.test/x?y', '/x?y', 'B.test', 'b.test'],
  ['HTTPS://b.test:1', '/', 'b.test:1', 'b.test'],
  ['http://b.test?q', '/?q', 'b.test', 'b.test'],
  ['http://[::1]:80/', '/', '[::1]:80', '[::1]'],
])('takes the authority of %s', (target, expected, authority, host) => {
  const head = parse({ target })
  expect([head.target, head.authority, head.host, head.headers.getAll('host')]).toEqual([
    expected,
    authority,
    host,
    [authority],
  ])
})

test('lets OPTIONS ask about the server as a whole', () => {
  expect(parse({ method: 'OPTIONS', target: '*' }).target).toBe('*')
  expect(parse({ method: 'OPTIONS', target: 'http://a' }).target).toBe('*')
})

test.each([
  'a',
  'a:80',
  '*',
  '?q',
  'ftp://a/',
  'http://',
  'http:///x',
  'http://u@a/',
  '/a b',
  '/a#b',
  '/é',
  '/\t',
  '',
  '\\x',
])('refuses target %j', (target) => expect(statusOf({ target })).toBe(400))

test.each(['a b', 'a/b', 'u@a', 'a:b', 'a:80:80', '[::1', 'a]', 'a:123456', '"a"'])('refuses host %j', (host) => {
  expect(statusOf({ rawHeaders: ['host', host] })).toBe(400)
})

test('reads how the body is framed', () => {
  expect(parse({}).bodyLength).toBe(0)
  expect(parse({ rawHeaders: ['host', 'a', 'Content-Length', '7'] }).bodyLength).toBe(7)
  expect(parse({ rawHeaders: ['host', 'a', 'Transfer-Encoding', 'Chunked'] }).bodyLength).toBeUndefined()
})

test.each([
  [['content-length', '+7']],
  [['content-length', '7, 7']],
  [['content-length', '0x7']],
  [['content-length', '']],
  [['content-length', '9999999999999999']],
  [['content-length', '7', 'content-length', '7']],
  [['content-length', '7', 'transfer-encoding', 'chunked']],
  [['transfer-encoding', 'identity']],
  [['transfer-encoding', 'chunked, chunked']],
  [['transfer-encoding', 'chunked', 'transfer-encoding', 'chunked']],
  [['transfer-encoding', 'chunked;x']],
])('refuses framing %j', (fields) => {
  expect(statusOf({ rawHeaders: ['host', 'a', ...fields] })).toBe(400)
})

test('tells faults apart', () => {
  expect(statusOf({ httpVersion: '2.0' })).toBe(505)
  expect(statusOf({ method: 'TRACE' })).toBe(405)
  expect(statusOf({ rawHeaders: [] })).toBe(400)
  expect(statusOf({ rawHeaders: [], httpVersion: '1.0' })).toBe(200)
  expect(statusOf({ rawHeaders: Array.from({ length: 202 }, () => 'x') })).toBe(431)
})

test('removes what connection names, except what decides which request it is', () => {
  const { headers } = parse({
    rawHeaders: ['Host', 'a', 'X-A', '1', 'X-B', '2', 'Connection', ' X-a , host,close,content-length'],
  })
  expect(headers.rawPairs()).toEqual(['Host', 'a', 'X-B', '2', 'Connection', ' X-a , host,close,content-length'])
})

test('answers any head with a request or a fault', () => {
  const field = fc.constantFrom('host', 'content-length', 'transfer-encoding', 'connection', 'x')
  fc.assert(
    fc.property(fc.string(), fc.array(fc.tuple(field, fc.string())), (target, fields) => {
      const raw = { target, rawHeaders: fields.flat() }
      expect([200, 400]).toContain(statusOf(raw))
    }),
  )
})
