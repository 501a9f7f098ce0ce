import { expect, test } from 'vitest'
import { DEFAULT_HTTP_FETCH_LIMITS, NetError, type NetErrorValue } from './http-fetch.ts'

test.each<[NetErrorValue, string]>([
  [{ tag: 'dns-failure', val: 'no such name' }, 'dns-failure: no such name'],
  [{ tag: 'connection-refused' }, 'connection-refused'],
  [{ tag: 'timeout' }, 'timeout'],
  [{ tag: 'tls-error', val: 'expired' }, 'tls-error: expired'],
  [{ tag: 'pool-exhausted' }, 'pool-exhausted'],
  [{ tag: 'body-too-large' }, 'body-too-large'],
  [{ tag: 'not-allowed', val: 'a.test' }, 'not-allowed: a.test'],
  [{ tag: 'insecure-rejected' }, 'insecure-rejected'],
  [{ tag: 'internal', val: '' }, 'internal: '],
])('%j', (value, message) => {
  const cause = new Error('under it')
  const error = new NetError(value, { cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'NetError', message, value, cause })
})

test('the default limits', () => {
  expect(DEFAULT_HTTP_FETCH_LIMITS).toEqual({ maxBodyBytes: 1_048_576, followRedirects: 5, allowInsecure: false })
})
