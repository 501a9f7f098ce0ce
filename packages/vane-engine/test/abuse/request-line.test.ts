import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Case, expectRefused, expectServed, openStand, type Stand } from '../support/stand.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const REST = '\r\nhost: a\r\n\r\n'

const MALFORMED: readonly Case[] = [
  { what: 'two parts', send: `GET /${REST}` },
  { what: 'two parts, the second a version', send: `GET HTTP/1.1${REST}` },
  { what: 'one part', send: `GET${REST}` },
  { what: 'four parts', send: `GET / x HTTP/1.1${REST}` },
  { what: 'four parts, the last a second version', send: `GET / HTTP/1.1 HTTP/1.1${REST}` },
  { what: 'two spaces after the method', send: `GET  / HTTP/1.1${REST}` },
  { what: 'two spaces before the version', send: `GET /  HTTP/1.1${REST}` },
  { what: 'a space before the method', send: ` GET / HTTP/1.1${REST}` },
  { what: 'a space behind the version', send: `GET / HTTP/1.1 ${REST}` },
  { what: 'a tab behind the version', send: `GET / HTTP/1.1\t${REST}` },
  { what: 'tabs for spaces', send: `GET\t/\tHTTP/1.1${REST}` },
  { what: 'a vertical tab for a space', send: `GET\x0b/ HTTP/1.1${REST}` },
  { what: 'a form feed for a space', send: `GET /\x0cHTTP/1.1${REST}` },
  { what: 'a bare LF at its end', send: 'GET / HTTP/1.1\nhost: a\r\n\r\n' },
  { what: 'bare LFs all over', send: 'GET / HTTP/1.1\nhost: a\n\n' },
  { what: 'a bare CR at its end', send: 'GET / HTTP/1.1\rhost: a\r\n\r\n' },
  { what: 'two CRs before the LF', send: 'GET / HTTP/1.1\r\r\nhost: a\r\n\r\n' },
  { what: 'a bare CR within the target', send: `GET /\rx HTTP/1.1${REST}` },
  { what: 'a bare LF within the target', send: `GET /\nx HTTP/1.1${REST}` },
  { what: 'no method', send: ` / HTTP/1.1${REST}` },
  { what: 'a method with a parenthesis', send: `GE(T / HTTP/1.1${REST}` },
  { what: 'a method with a colon', send: `GET: / HTTP/1.1${REST}` },
  { what: 'a method with a slash', send: `GET/ / HTTP/1.1${REST}` },
  { what: 'a method in quotes', send: `"GET" / HTTP/1.1${REST}` },
  { what: 'a method with a NUL', send: `G\0ET / HTTP/1.1${REST}` },
  { what: 'a method with a byte beyond ASCII', send: `G\xcbT / HTTP/1.1${REST}` },
  { what: 'a byte order mark', send: `\xef\xbb\xbfGET / HTTP/1.1${REST}` },
  { what: 'a version in lower case', send: `GET / http/1.1${REST}` },
  { what: 'a version of something else', send: `GET / HTP/1.1${REST}` },
  { what: 'a NUL in the target', send: `GET /\0 HTTP/1.1${REST}` },
  { what: 'a DEL in the target', send: `GET /\x7f HTTP/1.1${REST}` },
  { what: 'a byte beyond ASCII in the target', send: `GET /\xe9 HTTP/1.1${REST}` },
  { what: 'two CRLFs before it', send: `\r\n\r\nGET / HTTP/1.1${REST}` },
  { what: 'many CRLFs before it', send: `${'\r\n'.repeat(100)}GET / HTTP/1.1${REST}` },
  { what: 'a bare LF before it', send: `\nGET / HTTP/1.1${REST}` },
  { what: 'a bare CR before it', send: `\rGET / HTTP/1.1${REST}` },
  { what: 'no HTTP at all', send: 'hello there\r\n\r\n' },
  { what: 'a header where it should be', send: 'host: a\r\n\r\n' },
  { what: 'a response', send: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' },
  { what: 'a command of SMTP', send: 'EHLO a.test\r\nMAIL FROM:<a@b.test>\r\n\r\n' },
]

test.each(MALFORMED)('refused: $what', ({ send }) => expectRefused(stand, send, 400))

// Malformed, or a version that is not spoken: it is refused as either.
const NO_VERSIONS: readonly Case[] = [
  { what: 'a version without a minor one', send: `GET / HTTP/1${REST}` },
  { what: 'a version without its point', send: `GET / HTTP/11${REST}` },
  { what: 'a version without its minor digit', send: `GET / HTTP/1.${REST}` },
  { what: 'a version with two minor digits', send: `GET / HTTP/1.10${REST}` },
  { what: 'a version with a leading zero', send: `GET / HTTP/01.1${REST}` },
  { what: 'a version with letters behind', send: `GET / HTTP/1.1x${REST}` },
  { what: 'a version with a sign', send: `GET / HTTP/+1.1${REST}` },
  { what: 'a version with a comma', send: `GET / HTTP/1,1${REST}` },
  { what: 'a version with a space within', send: `GET / HTTP/ 1.1${REST}` },
]
test.each(NO_VERSIONS)('refused: $what', ({ send }) => expectRefused(stand, send, 400, 505))

test.each(['0.0', '0.9', '1.2', '1.9', '2.0', '2.1', '3.0', '9.9'])('version %s is not supported', (version) =>
  expectRefused(stand, `GET / HTTP/${version}${REST}`, 505),
)

// Either is true of it: a target that is none, of a version that is not spoken.
test('the beginning of a TLS handshake is not answered', () =>
  expectRefused(stand, '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03'))

describe('served', () => {
  test.each([
    'GET',
    'POST',
    'PUT',
    'DELETE',
    'PATCH',
    'PROPFIND',
    'PURGE',
    'M-SEARCH',
    'QUERY',
    'BREW',
    "a!#$%&'*+-.^_`|~9",
  ])('method %s crosses as it is', async (method) => {
    const { requests } = await expectServed(stand, `${method} /x HTTP/1.1${REST}`, [method])
    expect(requests.map(({ startLine }) => startLine)).toEqual([`${method} /x HTTP/1.1`])
  })

  test('methods in lower case are other methods', async () => {
    const { requests } = await expectServed(stand, `get /x HTTP/1.1${REST}`)
    expect(requests.map(({ startLine }) => startLine)).toEqual(['get /x HTTP/1.1'])
  })

  test('HTTP/1.0 becomes HTTP/1.1', async () => {
    const { requests, closes } = await expectServed(stand, `GET /x HTTP/1.0${REST}`)
    expect(requests.map(({ startLine }) => startLine)).toEqual(['GET /x HTTP/1.1'])
    expect(closes).toBe(true)
  })
})

test('one CRLF before a request is passed over or refused, and never forwarded', async () => {
  const send = '\r\nGET /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
  const { requests, responses } = await expectServed(stand, send)
  if (responses[0]?.startLine.startsWith('HTTP/1.1 400') === true) expect(requests).toEqual([])
  else expect(requests.map(({ startLine }) => startLine)).toEqual(['GET /x HTTP/1.1'])
})
