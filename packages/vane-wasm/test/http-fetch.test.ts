import {
  NetError,
  PluginPolicyTable,
  type HttpFetchBackend,
  type HttpFetchLimits,
  type HttpFetchRequest,
  type NetErrorValue,
} from 'vane-core'
import type { Step, WatPluginSpec } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { bodyOf, openSite, recordingLogger, REQUEST, until } from './_setup.ts'

type Fetch = Extract<Step, { do: 'http-fetch' }>

function plugin(fetch: Partial<Fetch> = {}, entry: { stateless?: boolean } = {}): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'x', kind: 'l7-request', ...entry }] },
    handlers: {
      'l7-request': [
        { do: 'count' },
        { do: 'http-fetch', url: 'https://api.test/a', ...fetch },
        { answer: 'short', body: { echo: 'fetch' } },
      ],
    },
  }
}

function policies(policy: object): PluginPolicyTable {
  return PluginPolicyTable.fromJson(JSON.stringify({ plugin: policy }))
}

const ALLOW = policies({ allowed_hosts: ['api.test'] })

interface Asked {
  request: HttpFetchRequest
  limits: HttpFetchLimits
  signal: AbortSignal
  answer: PromiseWithResolvers<Awaited<ReturnType<HttpFetchBackend['fetch']>>>
}

/** A backend that answers when the test says so. */
function fakeBackend(): { httpFetch: HttpFetchBackend; asked: Asked[] } {
  const asked: Asked[] = []
  const httpFetch: HttpFetchBackend = {
    fetch: (request, limits, signal) => {
      const answer = Promise.withResolvers<Awaited<ReturnType<HttpFetchBackend['fetch']>>>()
      asked.push({ request, limits, signal, answer })
      return answer.promise
    },
  }
  return { httpFetch, asked }
}

function answering(value: Awaited<ReturnType<HttpFetchBackend['fetch']>>): HttpFetchBackend {
  return { fetch: () => Promise.resolve(value) }
}

const OK = { status: 200, headers: [], body: Buffer.from('yes') }

test('a plugin that fetches answers by a promise; one that does not never does', async () => {
  const { site } = await openSite(plugin(), { httpFetch: answering(OK), policies: ALLOW })
  const answer = site.l7Request(REQUEST)
  expect(answer).toBeInstanceOf(Promise)
  expect(await bodyOf(answer)).toBe('ok 200 yes')
})

test('the backend gets the request and the limits of call and policy', async () => {
  const { httpFetch, asked } = fakeBackend()
  const { site } = await openSite(
    plugin({
      method: 'POST',
      headers: [['X-A', 'b']],
      body: 'data',
      timeoutMs: 1234,
      followRedirects: 2,
      verifyTls: false,
    }),
    { httpFetch, policies: policies({ allowed_hosts: ['api.test'], allow_insecure: true, max_body_size: 10 }) },
  )
  const answer = site.l7Request(REQUEST)
  await until(() => asked.length === 1, 'the backend is asked')
  expect(asked[0]?.request).toEqual({
    method: 'POST',
    url: 'https://api.test/a',
    headers: [['x-a', 'b']],
    body: new Uint8Array(Buffer.from('data')),
  })
  expect(asked[0]?.limits).toMatchObject({ maxBodyBytes: 10, timeoutMs: 1234, followRedirects: 2, allowInsecure: true })
  expect(asked[0]?.limits.checkUrl?.(new URL('https://other.test/'))).toContain('`other.test` is not in the plugin')
  expect(asked[0]?.limits.checkUrl?.(new URL('https://api.test/b'))).toBeUndefined()
  expect(asked[0]?.limits.checkAddress?.(new URL('https://api.test/'), '127.0.0.1')).toContain('not public')
  expect(asked[0]?.limits.checkAddress?.(new URL('https://api.test/'), '192.0.2.1')).toEqual(expect.anything())
  expect(asked[0]?.limits.checkAddress?.(new URL('https://api.test/'), '93.184.216.34')).toBeUndefined()
  asked[0]?.answer.resolve({ status: 302, headers: [], body: new Uint8Array() })
  expect(await bodyOf(answer)).toBe('ok 302 ')
})

test('headers of the answer reach the plugin in lower case and in order', async () => {
  const { site } = await openSite(
    {
      metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
      handlers: {
        'l7-request': [
          { do: 'http-fetch', url: 'https://api.test/' },
          { answer: 'short', body: { echo: 'fetch-headers' } },
        ],
      },
    },
    {
      httpFetch: answering({
        ...OK,
        headers: [
          ['Location', '/b'],
          ['x', ''],
          ['X', '2'],
        ],
      }),
      policies: ALLOW,
    },
  )
  expect(await bodyOf(site.l7Request(REQUEST))).toBe('location: /b\nx: \nx: 2\n')
})

test('hops behind the first are logged with the call that they belong to, without their query', async () => {
  const httpFetch: HttpFetchBackend = {
    fetch: async (_request, { checkUrl }) => {
      for (const url of ['https://api.test/a', 'https://api.test/b?token=secret', 'https://evil.test/']) {
        const refusal = checkUrl?.(new URL(url))
        if (refusal !== undefined) throw new NetError({ tag: 'not-allowed', val: refusal })
      }
      return OK
    },
  }
  const { logger, lines } = recordingLogger()
  const { site } = await openSite(plugin(), { httpFetch, policies: ALLOW, logger })
  await site.l7Request(REQUEST, { connectionId: '0123456789abcdef' })
  const fields = { plugin: 'plugin', version: '1.0.0', export: 'x', connectionId: '0123456789abcdef' }
  expect(lines).toEqual([
    { level: 'debug', message: 'http-fetch was redirected to https://api.test/b', fields },
    { level: 'debug', message: 'http-fetch was redirected to https://evil.test/, which is not allowed', fields },
  ])
})

test('defaults of the policy', async () => {
  const { httpFetch, asked } = fakeBackend()
  const { site } = await openSite(plugin(), { httpFetch, policies: ALLOW })
  const answer = site.l7Request(REQUEST)
  await until(() => asked.length === 1, 'the backend is asked')
  expect(asked[0]?.limits).toMatchObject({
    maxBodyBytes: 1_048_576,
    timeoutMs: 30_000,
    followRedirects: 5,
    allowInsecure: false,
  })
  asked[0]?.answer.resolve(OK)
  await answer
})

describe('results that are errors', () => {
  test.each<[string, Partial<Fetch>, object, string]>([
    [
      'a host that is not allowed',
      { url: 'https://evil.test/' },
      { allowed_hosts: ['api.test'] },
      "err not-allowed `evil.test` is not in the plugin's allowed_hosts",
    ],
    ['no policy at all', {}, {}, 'err not-allowed'],
    ['another scheme', { url: 'ftp://api.test/' }, { allowed_hosts: ['*'] }, 'err not-allowed scheme ftp: is neither'],
    [
      'verify-tls: false without allow_insecure',
      { verifyTls: false },
      { allowed_hosts: ['*'] },
      'err insecure-rejected',
    ],
    [
      'a request body over the limit',
      { body: 'too long' },
      { allowed_hosts: ['*'], max_body_size: 7 },
      'err body-too-large',
    ],
    ['a response body over the limit', {}, { allowed_hosts: ['*'], max_body_size: 2 }, 'err body-too-large'],
  ])('%s', async (_, fetch, policy, expected) => {
    const { site } = await openSite(plugin(fetch), { httpFetch: answering(OK), policies: policies(policy) })
    expect(await bodyOf(site.l7Request(REQUEST))).toContain(expected)
  })

  test('no backend', async () => {
    const { site } = await openSite(plugin(), { policies: ALLOW })
    expect(await bodyOf(site.l7Request(REQUEST))).toContain('err internal this host makes no requests for plugins')
  })

  test.each<[NetErrorValue, string]>([
    [{ tag: 'dns-failure', val: 'ENOTFOUND' }, 'err dns-failure ENOTFOUND'],
    [{ tag: 'connection-refused' }, 'err connection-refused'],
    [{ tag: 'timeout' }, 'err timeout'],
    [{ tag: 'tls-error', val: 'expired' }, 'err tls-error expired'],
    [{ tag: 'pool-exhausted' }, 'err pool-exhausted'],
    [{ tag: 'body-too-large' }, 'err body-too-large'],
    [{ tag: 'not-allowed', val: 'hop' }, 'err not-allowed hop'],
    [{ tag: 'insecure-rejected' }, 'err insecure-rejected'],
    [{ tag: 'internal', val: 'why' }, 'err internal why'],
  ])('the backend rejects with %o', async (value, expected) => {
    const { site, runtime } = await openSite(plugin(), {
      httpFetch: { fetch: () => Promise.reject(new NetError(value)) },
      policies: ALLOW,
    })
    expect(await bodyOf(site.l7Request(REQUEST))).toContain(expected)
    expect(runtime.snapshot()).toMatchObject([{ failures: 0 }])
  })

  test('anything else the backend does wrong tells the plugin nothing', async () => {
    for (const fetch of [
      () => Promise.reject(new Error('secret path /etc')),
      (): never => {
        throw new Error('secret path /etc')
      },
    ]) {
      const { site } = await openSite(plugin(), { httpFetch: { fetch }, policies: ALLOW })
      expect(await bodyOf(site.l7Request(REQUEST))).toBe('err internal the request failed')
    }
  })

  test('the deadline holds even if the backend ignores its signal', async () => {
    const { httpFetch, asked } = fakeBackend()
    const { site } = await openSite(plugin({ timeoutMs: 20 }), { httpFetch, policies: ALLOW })
    expect(await bodyOf(site.l7Request(REQUEST))).toContain('err timeout')
    expect(asked[0]?.signal.aborted).toBe(true)
  })

  test('a client that goes away ends the wait', async () => {
    const { httpFetch, asked } = fakeBackend()
    const { site } = await openSite(plugin(), { httpFetch, policies: ALLOW })
    const client = new AbortController()
    const answer = site.l7Request(REQUEST, { signal: client.signal })
    await until(() => asked.length === 1, 'the backend is asked')
    client.abort()
    expect(await bodyOf(answer)).toContain('err internal canceled')
    expect(asked[0]?.signal.aborted).toBe(true)
  })
})

describe('calls outside the contract are traps', () => {
  test.each<[string, Partial<Fetch>, string]>([
    ['a relative url', { url: '/a' }, 'a url that is relative, malformed or too long'],
    ['a malformed url', { url: 'http://[::1' }, 'a url that is relative, malformed or too long'],
    ['a method that is no token', { method: 'GET /x HTTP/1.1\r\n' }, 'a method that is not a token'],
    ['a header with a line break', { headers: [['a', 'b\r\nc: d']] }, 'a value of header "a" with CR, LF or NUL'],
    ['a header name that is no token', { headers: [['a b', 'c']] }, 'a header name that is not a token'],
  ])('%s', async (_, fetch, reason) => {
    const { httpFetch, asked } = fakeBackend()
    const { site } = await openSite(plugin(fetch), { httpFetch, policies: policies({ allowed_hosts: ['*'] }) })
    await expect(site.l7Request(REQUEST)).rejects.toThrow(`plugin trap: http-fetch was given ${reason}`)
    expect(asked).toEqual([])
  })

  test('http-fetch from get-metadata', async () => {
    const zeros = Array.from({ length: 14 }, () => '(i32.const 0)').join(' ')
    const wat = `(call $host_http-fetch ${zeros} (i32.const 0)) (i32.const 0)`
    await expect(openSite({ ...plugin(), getMetadata: { wat } })).rejects.toThrow(/get-metadata failed/)
  })
})

describe('concurrency', () => {
  test('calls that wait have an instance each; fetches over the limit fail at once', async () => {
    const { httpFetch, asked } = fakeBackend()
    const { site, runtime } = await openSite(plugin({}, { stateless: false }), {
      httpFetch,
      policies: ALLOW,
      limits: { plugin: { pool: 3, maxInFlightFetches: 2 } },
    })
    const waiting = [site.l7Request(REQUEST), site.l7Request(REQUEST)]
    await until(() => asked.length === 2, 'two fetches')
    expect(runtime.snapshot()).toMatchObject([{ kind: 'stateful', capacity: 3, available: 1, failures: 0 }])
    expect(await bodyOf(site.l7Request(REQUEST))).toContain('err pool-exhausted')
    expect(asked).toHaveLength(2)
    for (const { answer } of asked) answer.resolve(OK)
    expect(await Promise.all(waiting.map(bodyOf))).toEqual(['ok 200 yes', 'ok 200 yes'])
    expect(runtime.snapshot()).toMatchObject([{ capacity: 3, available: 3, totalAllocations: 3, failures: 0 }])
  })

  test('all instances waiting: exhausted at once, and exact figures', async () => {
    const { httpFetch, asked } = fakeBackend()
    const { site, runtime } = await openSite(plugin({}, { stateless: false }), {
      httpFetch,
      policies: ALLOW,
      limits: { plugin: { pool: 2, maxInFlightFetches: 9 } },
    })
    const waiting = [site.l7Request(REQUEST), site.l7Request(REQUEST)]
    expect(() => site.l7Request(REQUEST)).toThrow('plugin pool exhausted: no instance available')
    expect(runtime.snapshot()).toMatchObject([{ capacity: 2, available: 0, failures: 1 }])
    await until(() => asked.length === 2, 'two fetches')
    for (const { answer } of asked) answer.resolve(OK)
    await Promise.all(waiting.map(bodyOf))
    expect(runtime.snapshot()).toMatchObject([{ capacity: 2, available: 2, failures: 1 }])
  })

  test('the limit is one unless the operator says otherwise, and counts over all call sites', async () => {
    const { httpFetch, asked } = fakeBackend()
    const { site, runtime, module } = await openSite(plugin(), { httpFetch, policies: ALLOW })
    const other = await runtime.prepareCallSite(module, 'x', '{"other":true}')
    const first = site.l7Request(REQUEST)
    await until(() => asked.length === 1, 'the first fetch')
    expect(await bodyOf(other.l7Request(REQUEST))).toContain('err pool-exhausted')
    asked[0]?.answer.resolve(OK)
    await first
  })

  test('a call site that is released lets its calls end', async () => {
    const { httpFetch, asked } = fakeBackend()
    const { site, runtime } = await openSite(plugin(), { httpFetch, policies: ALLOW })
    const answer = site.l7Request(REQUEST)
    await until(() => asked.length === 1, 'the fetch')
    site.release()
    asked[0]?.answer.resolve(OK)
    expect(await bodyOf(answer)).toBe('ok 200 yes')
    expect(runtime.snapshot()).toEqual([])
  })

  test('closing the runtime ends fetches in flight', async () => {
    const { httpFetch, asked } = fakeBackend()
    const { site, runtime } = await openSite(plugin(), { httpFetch, policies: ALLOW })
    const answer = site.l7Request(REQUEST)
    await until(() => asked.length === 1, 'the fetch')
    await runtime.close()
    expect(await bodyOf(answer)).toContain('err internal canceled')
    expect(asked[0]?.signal.aborted).toBe(true)
  })
})
