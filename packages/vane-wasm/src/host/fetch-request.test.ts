import { describe, expect, test } from 'vitest'

import { parseFetchRequest } from './fetch-request.ts'

const REQUEST = { method: 'GET', url: 'http://a.test/', headers: [], body: new Uint8Array() }

const urlOf = (length: number): string => REQUEST.url.padEnd(length, 'x')
const fieldsOf = (count: number): [string, string][] => Array.from({ length: count }, (_, n) => [`X-${n}`, 'v'])

describe('how much http-fetch may be asked with', () => {
  test('8,192 characters of URL, and not one more', () => {
    expect(parseFetchRequest({ ...REQUEST, url: urlOf(8192) })).toMatchObject({ request: { url: urlOf(8192) } })
    expect(parseFetchRequest({ ...REQUEST, url: urlOf(8193) })).toBe(
      'http-fetch was given a url that is relative, malformed or too long',
    )
  })

  test('100 header fields, and not one more', () => {
    const taken = parseFetchRequest({ ...REQUEST, headers: fieldsOf(100) })
    expect(taken).toMatchObject({ request: { headers: { length: 100, 99: ['x-99', 'v'] } } })
    expect(parseFetchRequest({ ...REQUEST, headers: fieldsOf(101) })).toBe(
      'http-fetch was given 101 headers, more than the limit of 100',
    )
  })
})

test.each([
  [undefined, 'no request'],
  [{ ...REQUEST, method: 'GET /' }, 'a method that is not a token'],
  [{ ...REQUEST, url: '//a.test/' }, 'a url that is relative'],
  [{ ...REQUEST, body: 'text' }, 'a body that is not bytes'],
  [{ ...REQUEST, headers: {} }, 'headers that are not a list'],
  [{ ...REQUEST, headers: [['a']] }, 'a header that is not a pair of texts'],
  [{ ...REQUEST, headers: [['a', 'b\r\nc: d']] }, 'a value of header "a" with CR'],
  [{ ...REQUEST, timeoutMs: -1 }, 'a limit that is not a number'],
  [{ ...REQUEST, followRedirects: 1.5 }, 'a limit that is not a number'],
  [{ ...REQUEST, verifyTls: 'no' }, 'a verify-tls that is not a boolean'],
])('%o', (value, reason) => {
  expect(parseFetchRequest(value)).toContain(`http-fetch was given ${reason}`)
})
