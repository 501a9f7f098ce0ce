import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeadAssembler } from './head-assembler.ts'
import { CHUNKED_LENGTH, type DecodedRequest, RequestDecoder } from './request-decoder.ts'
import { toClientFault } from './to-client-fault.ts'

const LIMITS = { maxHeaderBytes: 65_536, maxHeadersCount: 100 }

function decode(text: string): DecodedRequest | undefined {
  return new RequestDecoder(LIMITS).decode(Buffer.from(text, 'latin1'), 0, 'http')
}

/** Status that a text is refused with; 200 for a request, 0 for the beginning of one. */
function statusOf(text: string): number {
  try {
    return decode(text) === undefined ? 0 : 200
  } catch (error) {
    const fault = toClientFault(error)
    if (fault === undefined) throw error
    return fault.status
  }
}

/** What matters of a request, to compare. */
function toFacts(decoded: DecodedRequest | undefined): unknown {
  if (decoded === undefined) return undefined
  const { request, ...rest } = decoded
  return { ...rest, request: { ...request, headers: request.headers.rawPairs() } }
}

test.each([
  ['/', ['/', '/', '']],
  ['/a?b?c', ['/a?b?c', '/a', 'b?c']],
  ['//evil.test/x', ['//evil.test/x', '//evil.test/x', '']],
  ['/%2e%2E/..;x', ['/%2e%2E/..;x', '/%2e%2E/..;x', '']],
])('leaves target %s as it is', (target, expected) => {
  const { request } = decode(`GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`)!
  expect([request.target, request.path, request.query]).toEqual(expected)
})

test.each([
  ['http://B.test/x?y', '/x?y', 'B.test', 'b.test'],
  ['HTTPS://b.test:1', '/', 'b.test:1', 'b.test'],
  ['http://b.test?q', '/?q', 'b.test', 'b.test'],
  ['http://[::1]:80/', '/', '[::1]:80', '[::1]'],
])('takes the authority of %s in place of the field', (target, expected, authority, host) => {
  const { request } = decode(`GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`)!
  expect([request.target, request.authority, request.host, request.headers.getAll('host')]).toEqual([
    expected,
    authority,
    host,
    [authority],
  ])
})

test.each([
  ['a.test.', 'a.test'],
  ['A.Test:80', 'a.test'],
  ['[2001:DB8::1]:8443', '[2001:db8::1]'],
  ['', ''],
])('knows %s for the host %s', (field, host) => {
  expect(decode(`GET / HTTP/1.1\r\nhost: ${field}\r\n\r\n`)!.request.host).toBe(host)
})

test('says of the connection what the client said', () => {
  const head = (version: string, fields: string): unknown => {
    const { persists, asksUpgrade, expectsContinue, bodyLength } = decode(`POST / ${version}\r\n${fields}\r\n`)!
    return { persists, asksUpgrade, expectsContinue, bodyLength }
  }
  const plain = { persists: true, asksUpgrade: false, expectsContinue: false, bodyLength: 0 }
  expect(head('HTTP/1.1', 'host: a\r\n')).toEqual(plain)
  expect(head('HTTP/1.1', 'host: a\r\nconnection: x, CLOSE\r\n')).toEqual({ ...plain, persists: false })
  expect(head('HTTP/1.0', '')).toEqual({ ...plain, persists: false })
  expect(head('HTTP/1.0', 'connection: keep-alive\r\n')).toEqual(plain)
  expect(head('HTTP/1.1', 'host: a\r\nupgrade: x\r\n')).toEqual(plain)
  expect(head('HTTP/1.1', 'host: a\r\nupgrade: x\r\nconnection: upgrade\r\n')).toEqual({ ...plain, asksUpgrade: true })
  expect(head('HTTP/1.1', 'host: a\r\nexpect: 100-Continue\r\ncontent-length: 7\r\n')).toEqual({
    ...plain,
    expectsContinue: true,
    bodyLength: 7,
  })
  expect(head('HTTP/1.0', 'expect: 100-continue\r\nconnection: keep-alive\r\n')).toEqual(plain)
  expect(head('HTTP/1.1', 'host: a\r\ntransfer-encoding: Chunked\r\n')).toEqual({
    ...plain,
    bodyLength: CHUNKED_LENGTH,
  })
})

test.each(['content_length', 'Content_Length', 'TRANSFER_ENCODING'])(
  'refuses %s, which passes for another field',
  (name) => {
    expect(statusOf(`POST / HTTP/1.1\r\nhost: a\r\n${name}: 5\r\n\r\n`)).toBe(400)
  },
)

test('writes lines again as they came, and only those that belong to the message', () => {
  const { request } = decode(
    'GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nconnection: x-named\r\nx-named: 1\r\nx-two:2 \r\nKeep-Alive: 1\r\nX-Three: 3\r\n\r\n',
  )!
  expect(request.headers.toWire(() => false)).toBe('Host: a\r\nX-One: 1\r\nx-two: 2\r\nX-Three: 3\r\n')
})

const NAME = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/)
const VALUE = fc.stringMatching(/^[\t -~\x80-\xff]{0,20}$/).map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''))
/** Fields with no meaning of their own. */
const FIELD = fc.tuple(NAME, VALUE).filter(([name]) => {
  const known =
    /^(host|connection|content-length|transfer-encoding|expect|upgrade|te|trailer|keep-alive|proxy-.*|date)$/i
  return !known.test(name)
})
const MESSAGE = fc.record({
  method: fc.constantFrom('GET', 'POST', 'BREW', 'm-search'),
  target: fc.stringMatching(/^\/[!-"$-~]{0,20}$/),
  version: fc.constantFrom('1.0', '1.1'),
  fields: fc.array(FIELD, { maxLength: 12 }),
  length: fc.option(fc.nat(1_000_000), { nil: undefined }),
})

function toText({ method, target, version, fields, length }: typeof MESSAGE extends fc.Arbitrary<infer T> ? T : never) {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const framing = length === undefined ? '' : `content-length: ${length}\r\n`
  return `${method} ${target} HTTP/${version}\r\nhost: a.test\r\n${lines}${framing}\r\n`
}

test('what is written is what is read', () => {
  fc.assert(
    fc.property(MESSAGE, (message) => {
      const text = toText(message)
      const { request, bodyLength, end } = decode(text)!
      expect(end).toBe(text.length)
      expect([request.method, request.target, request.version]).toEqual([
        message.method,
        message.target,
        message.version,
      ])
      expect(bodyLength).toBe(message.length ?? 0)
      const sent = [['host', 'a.test'], ...message.fields].flat()
      const again = decode(`GET / HTTP/1.1\r\n${request.headers.toWire(() => false)}\r\n`)!
      expect(request.headers.rawPairs().slice(0, sent.length)).toEqual(sent)
      expect(again.request.headers.rawPairs()).toEqual(sent)
    }),
  )
})

test('a head is the same head however it is cut', () => {
  fc.assert(
    fc.property(MESSAGE, fc.array(fc.nat(400), { maxLength: 20 }), fc.string(), (message, cuts, behind) => {
      const text = toText(message)
      const bytes = Buffer.from(text + behind, 'latin1')
      const decoder = new RequestDecoder(LIMITS)
      const whole = decoder.decode(bytes, 0, 'http')
      const heads = new HeadAssembler((piece, from) => decoder.decode(piece, from, 'http'), LIMITS.maxHeaderBytes)
      const ends = [...new Set(cuts), bytes.length].filter((end) => end <= bytes.length).toSorted((a, b) => a - b)
      let start = 0
      for (const end of ends) {
        const found = heads.take(bytes.subarray(start, end), 0)
        if (found !== undefined) {
          expect(toFacts({ ...found, end: text.length })).toEqual(toFacts(whole))
          expect(start + heads.end).toBe(text.length)
          return
        }
        expect(heads.end).toBe(end - start)
        start = end
      }
      expect.unreachable('the head was not found')
    }),
  )
})

test('any bytes are a request, the beginning of one, or a fault of the client', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary-ascii' }),
    MESSAGE.chain((message) => {
      const sound = toText(message)
      return fc
        .tuple(fc.nat(sound.length), fc.nat(4), fc.string({ unit: 'binary-ascii', maxLength: 3 }))
        .map(([at, cut, put]) => sound.slice(0, at) + put + sound.slice(at + cut))
    }),
  )
  fc.assert(
    fc.property(text, (bytes) => {
      expect([0, 200, 400, 405, 417, 431, 505]).toContain(statusOf(bytes))
    }),
    { numRuns: 2_000 },
  )
})

test('a head that comes byte by byte is decoded at its end, and once', () => {
  const text = `GET / HTTP/1.1\r\nhost: a\r\n${'x-filler: 0123456789abcdef0123456789abcdef\r\n'.repeat(90)}\r\n`
  const decoder = new RequestDecoder(LIMITS)
  let calls = 0
  const heads = new HeadAssembler((bytes, from) => {
    calls++
    return decoder.decode(bytes, from, 'http')
  }, LIMITS.maxHeaderBytes)
  const bytes = Buffer.from(text)
  let found: DecodedRequest | undefined
  for (let at = 0; at < bytes.length; at++) found = heads.take(bytes.subarray(at, at + 1), 0)
  expect(found?.request.headers.size).toBe(91)
  expect(calls).toBe(2)
})

test('a head over a limit is refused at the limit, whole or in pieces', () => {
  const filler = `x: ${'y'.repeat(65_536)}\r\n`
  expect(statusOf(`GET / HTTP/1.1\r\nhost: a\r\n${filler}\r\n`)).toBe(431)
  expect(statusOf(`GET / HTTP/1.1\r\nhost: a\r\n${filler}`)).toBe(431)
  expect(statusOf(`GET / HTTP/1.1\r\nhost: a\r\n${'x: 1\r\n'.repeat(99)}\r\n`)).toBe(200)
  expect(statusOf(`GET / HTTP/1.1\r\nhost: a\r\n${'x: 1\r\n'.repeat(100)}\r\n`)).toBe(431)
})
