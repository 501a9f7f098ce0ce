import { NetError, PluginPolicyTable, type HttpFetchBackend, type NetErrorValue } from 'vane-core'
import { watPlugin, type WatPluginSpec } from 'vane-fixtures'
import { expect, test } from 'vitest'

import { loadPlugin, openSite, REQUEST, until, writeComponent } from './_setup.ts'

function plugin(url: string, fetch: { verifyTls?: boolean; body?: string } = {}): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
    handlers: {
      'l7-request': [
        { do: 'http-fetch', url, ...fetch },
        { answer: 'short', body: { echo: 'fetch' } },
      ],
    },
  }
}

const policies = PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["api.test"],"max_body_size":8}}')
const NO_ERRORS = {
  'dns-failure': 0,
  'connection-refused': 0,
  timeout: 0,
  'tls-error': 0,
  'pool-exhausted': 0,
  'body-too-large': 0,
  'not-allowed': 0,
  'insecure-rejected': 0,
  internal: 0,
}
const NOTHING = { inFlight: 0, ok: 0, errors: NO_ERRORS, traps: 0, redirects: 0 }

/** What a backend that does this once for a call of `http-fetch` leaves in the counters. */
async function countsAfter(fetch: HttpFetchBackend['fetch'], spec = plugin('https://api.test/')): Promise<unknown> {
  const { runtime, module, site } = await openSite(spec, { httpFetch: { fetch }, policies })
  expect(runtime.fetches()).toEqual([])
  await Promise.resolve(site.l7Request(REQUEST)).catch(() => {})
  const [counts, ...others] = runtime.fetches()
  expect(others).toEqual([])
  expect(counts).toMatchObject({ key: module })
  const { key: _, ...rest } = counts!
  return rest
}

const answer = async () => ({ status: 503, headers: [], body: new Uint8Array() })

test('an answer, whatever its status', async () => {
  expect(await countsAfter(answer)).toEqual({ ...NOTHING, ok: 1 })
})

const FAILURES: readonly NetErrorValue[] = [
  { tag: 'dns-failure', val: 'ENOTFOUND' },
  { tag: 'connection-refused' },
  { tag: 'timeout' },
  { tag: 'tls-error', val: 'EXPIRED' },
  { tag: 'pool-exhausted' },
  { tag: 'body-too-large' },
  { tag: 'not-allowed', val: 'a private address' },
  { tag: 'insecure-rejected' },
  { tag: 'internal', val: 'x' },
]

test.each(FAILURES)('$tag of the backend', async (value) => {
  const counts = await countsAfter(() => Promise.reject(new NetError(value)))
  expect(counts).toEqual({ ...NOTHING, errors: { ...NO_ERRORS, [value.tag]: 1 } })
})

test.each([
  ['not-allowed', plugin('https://other.test/')],
  ['insecure-rejected', plugin('https://api.test/', { verifyTls: false })],
  ['body-too-large', plugin('https://api.test/', { body: 'nine byte' })],
] as const)('%s, before anything is asked', async (tag, spec) => {
  expect(await countsAfter(answer, spec)).toEqual({ ...NOTHING, errors: { ...NO_ERRORS, [tag]: 1 } })
})

test('a call outside the contract', async () => {
  expect(await countsAfter(answer, plugin('/relative'))).toEqual({ ...NOTHING, traps: 1 })
})

test('hops that the policy allows', async () => {
  const counts = await countsAfter((_request, { checkUrl }) => {
    for (const url of ['https://api.test/a', 'https://api.test/b', 'https://api.test/c']) checkUrl?.(new URL(url))
    const refusal = checkUrl?.(new URL('https://evil.test/')) ?? ''
    return Promise.reject(new NetError({ tag: 'not-allowed', val: refusal }))
  })
  expect(counts).toEqual({ ...NOTHING, errors: { ...NO_ERRORS, 'not-allowed': 1 }, redirects: 2 })
})

test('what is under way, and what is one too many', async () => {
  const gate = Promise.withResolvers<Awaited<ReturnType<typeof answer>>>()
  let asked = 0
  const fetch = () => {
    asked++
    return gate.promise
  }
  const { runtime, site } = await openSite(plugin('https://api.test/'), { httpFetch: { fetch }, policies })
  const first = site.l7Request(REQUEST)
  await until(() => asked === 1, 'the backend is asked')
  await site.l7Request(REQUEST)
  expect(runtime.fetches()).toMatchObject([{ inFlight: 1, ok: 0, errors: { 'pool-exhausted': 1 } }])
  gate.resolve(await answer())
  await first
  expect(runtime.fetches()).toMatchObject([{ inFlight: 0, ok: 1, errors: { 'pool-exhausted': 1 } }])
})

test('each plugin has its own, which a reload of its file does not reset', async () => {
  const { runtime, module } = await loadPlugin(plugin('https://api.test/'), { httpFetch: { fetch: answer }, policies })
  const other = await writeComponent(await watPlugin(plugin('https://api.test/')), 'other')
  await runtime.loadComponent(other)
  for (let n = 0; n < 3; n++) await runtime.invokeL7Request(module, 'x', '{}', REQUEST)
  await runtime.invokeL7Request(other, 'x', '{}', REQUEST)
  const expected = [
    { key: module, ok: 3 },
    { key: other, ok: 0, errors: { 'not-allowed': 1 } },
  ]
  expect(runtime.fetches()).toMatchObject(expected)
  runtime.configure({ policies, limits: { plugin: { memoryMb: 2 } } })
  await runtime.loadComponent(module)
  expect(runtime.loads).toBe(3)
  expect(runtime.fetches()).toMatchObject(expected)
})
