import { expect, test } from 'vitest'
import { parseHostPattern } from './host-pattern.ts'
import { DEFAULT_PLUGIN_HTTP_POLICY, isHostAllowed } from './http-policy.ts'

test('the defaults deny everything', () => {
  expect(DEFAULT_PLUGIN_HTTP_POLICY).toEqual({
    allowInsecure: false,
    allowedHosts: [],
    maxBodySize: 1_048_576,
    defaultTimeoutMs: 30_000,
    defaultFollowRedirects: 5,
    allowPrivateAddresses: false,
  })
  expect(isHostAllowed(DEFAULT_PLUGIN_HTTP_POLICY, new URL('https://example.com/'))).toBe(false)
})

test('nobody can change the defaults for everybody', () => {
  const open = DEFAULT_PLUGIN_HTTP_POLICY as unknown as { allowInsecure: boolean; allowedHosts: unknown[] }
  expect(() => (open.allowInsecure = true)).toThrow(TypeError)
  expect(() => open.allowedHosts.push({ kind: 'any', port: undefined })).toThrow(TypeError)
})

test('one matching entry among several is enough', () => {
  const allowedHosts = ['a.test', '*.b.test:8443', '[::1]'].map(parseHostPattern)
  const policy = { ...DEFAULT_PLUGIN_HTTP_POLICY, allowedHosts }
  const allowed = ['http://a.test/', 'https://x.b.test:8443/', 'http://[::1]/', 'https://x.b.test/', 'http://c.test/']
  expect(allowed.map((url) => isHostAllowed(policy, new URL(url)))).toEqual([true, true, true, false, false])
})

test('a policy survives a structured clone', () => {
  const policy = { ...DEFAULT_PLUGIN_HTTP_POLICY, allowedHosts: [parseHostPattern('*.example.com:8443')] }
  expect(structuredClone(policy)).toEqual(policy)
})
