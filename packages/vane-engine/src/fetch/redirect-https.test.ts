import type { HttpRequest, HttpResponse } from 'vane-core'
import { expect, test } from 'vitest'
import type { FetchOutcome, Flow } from '../executor/flow.ts'
import { createRedirectHttps } from './redirect-https.ts'

function redirect(request: Partial<HttpRequest>, port = 443): HttpResponse {
  const fetch = createRedirectHttps({ type: 'redirect_https', port, headers: [['x-from', '${path}']] })
  const whole = { host: 'a.test', target: '/x?y=1', path: '/x', ...request }
  return (fetch.start({ request: whole } as unknown as Flow) as FetchOutcome).response
}

test('sends the client to the same place on HTTPS', () => {
  const { status, headers } = redirect({})
  expect([status, headers.get('location'), headers.get('x-from')]).toEqual([308, 'https://a.test/x?y=1', '/x'])
})

test('names a port that is not the usual one', () => {
  expect(redirect({ host: '[::1]' }, 8443).headers.get('location')).toBe('https://[::1]:8443/x?y=1')
})

test('a target that is no path leads to the root', () => {
  expect(redirect({ target: '*' }).headers.get('location')).toBe('https://a.test/')
})

test('a request without a host is at fault', () => {
  expect(() => redirect({ host: '' })).toThrow(/without a host/)
})
