import assert from 'node:assert/strict'

import { bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { PluginSetupPolicy } from '../host/host.ts'
import { fetching, network, type FetchStep } from './network.ts'

/** What the policy refuses before anybody is asked. */
const REFUSED: readonly (readonly [
  name: string,
  what: string,
  step: Partial<FetchStep>,
  policy: PluginSetupPolicy,
  error: string,
])[] = [
  ['without-policy', 'without a policy nothing may be fetched', {}, {}, 'not-allowed'],
  [
    'host',
    'a host that the policy does not name is not asked',
    { url: 'https://evil.test/' },
    { allowed_hosts: ['api.test'] },
    'not-allowed',
  ],
  [
    'host-suffix',
    'a host whose name only ends as an allowed one does is not asked',
    { url: 'https://evil-api.test/' },
    { allowed_hosts: ['api.test'] },
    'not-allowed',
  ],
  [
    'host-prefix',
    'a host whose name only begins as an allowed one does is not asked',
    { url: 'https://api.test.evil.test/' },
    { allowed_hosts: ['api.test'] },
    'not-allowed',
  ],
  [
    'host-as-user',
    'an allowed host before an @ is a user, not a host',
    { url: 'https://api.test@evil.test/' },
    { allowed_hosts: ['api.test'] },
    'not-allowed',
  ],
  [
    'wildcard-itself',
    '*.example.test does not allow example.test',
    { url: 'https://example.test/' },
    { allowed_hosts: ['*.example.test'] },
    'not-allowed',
  ],
  [
    'port',
    'a pattern with a port allows no other',
    { url: 'https://api.test:8443/' },
    { allowed_hosts: ['api.test:443'] },
    'not-allowed',
  ],
  [
    'scheme-ftp',
    'other schemes than http and https are not allowed',
    { url: 'ftp://api.test/' },
    { allowed_hosts: ['*'] },
    'not-allowed',
  ],
  ['scheme-file', 'file: is not allowed', { url: 'file:///etc/passwd' }, { allowed_hosts: ['*'] }, 'not-allowed'],
  ['scheme-data', 'data: is not allowed', { url: 'data:text/plain,x' }, { allowed_hosts: ['*'] }, 'not-allowed'],
  [
    'insecure',
    'verify-tls: false counts only if the policy says so as well',
    { verifyTls: false },
    { allowed_hosts: ['api.test'] },
    'insecure-rejected',
  ],
  [
    'request-body',
    'a request body over the policy’s size is body-too-large',
    { body: 'too long' },
    { allowed_hosts: ['api.test'], max_body_size: 7 },
    'body-too-large',
  ],
]

const ALLOWED: readonly (readonly [name: string, url: string, allowed: string])[] = [
  ['literal', 'https://api.test/', 'api.test'],
  ['case', 'https://API.Test/', 'aPi.tEst'],
  ['trailing-dot', 'https://api.test./', 'api.test'],
  ['wildcard', 'https://b.c.example.test/', '*.example.test'],
  ['any', 'https://anything.test/', '*'],
  ['port', 'https://api.test:8443/', 'api.test:8443'],
  ['idna', 'https://bücher.test/', 'xn--bcher-kva.test'],
]

/** Spellings of addresses that are not public, as a plugin or a redirect may write them. */
const PRIVATE_URLS: readonly (readonly [name: string, url: string, address: string])[] = [
  ['loopback', 'http://127.0.0.1/', '127.0.0.1'],
  ['loopback-short', 'http://127.1/', '127.0.0.1'],
  ['loopback-decimal', 'http://2130706433/', '127.0.0.1'],
  ['loopback-octal', 'http://0177.0.0.1/', '127.0.0.1'],
  ['loopback-hex', 'http://0x7f.1/', '127.0.0.1'],
  ['loopback-6', 'http://[::1]/', '::1'],
  ['unspecified', 'http://0.0.0.0/', '0.0.0.0'],
  ['metadata-service', 'http://169.254.169.254/latest/', '169.254.169.254'],
  ['metadata-service-decimal', 'http://2852039166/latest/', '169.254.169.254'],
  ['private', 'http://10.0.0.1/', '10.0.0.1'],
  ['mapped', 'http://[::ffff:10.0.0.1]/', '::ffff:10.0.0.1'],
  ['mapped-hex', 'http://[::ffff:a00:1]/', '::ffff:a00:1'],
  ['nat64', 'http://[64:ff9b::a00:1]/', '64:ff9b::a00:1'],
  ['unique-local', 'http://[fd00::1]/', 'fd00::1'],
  ['link-local', 'http://[fe80::1]/', 'fe80::1'],
  ['shared', 'http://100.64.0.1/', '100.64.0.1'],
]

/** `http-fetch`: what the operator's policy allows, and nothing else. */
export const POLICY_CASES: readonly TckCase[] = [
  ...REFUSED.map(([name, proves, step, policy, error]): TckCase => ({
    name: `host/fetch-refused-${name}`,
    proves,
    run: async (trial) => {
      const { fetch, asked } = network()
      const site = await trial.site(fetching(step), { fetch, policy })
      assert.ok(bodyOf(await site.request('/')).startsWith(`err ${error}`))
      assert.equal(asked.length, 0, 'the network was asked')
    },
  })),
  ...ALLOWED.map(([name, url, allowed]): TckCase => ({
    name: `host/fetch-allowed-${name}`,
    proves: `${allowed} allows ${url}`,
    run: async (trial) => {
      const { fetch } = network()
      const site = await trial.site(fetching({ url }), { fetch, policy: { allowed_hosts: [allowed] } })
      assert.equal(bodyOf(await site.request('/')), 'ok 200 yes')
    },
  })),
  {
    name: 'host/fetch-checks-hops',
    proves: 'each hop of a redirect is held against the policy, in whatever spelling',
    run: async (trial) => {
      const { fetch, asked } = network()
      const site = await trial.site(fetching({}), { fetch, policy: { allowed_hosts: ['api.test', '*.cdn.test'] } })
      await site.request('/')
      const { checkUrl } = asked[0] ?? assert.fail('nobody was asked')
      for (const url of ['https://api.test/b', 'http://a.cdn.test/']) assert.equal(checkUrl(url), undefined, url)
      const forbidden = ['https://evil.test/', 'https://api.test.evil.test/', ...PRIVATE_URLS.map(([, url]) => url)]
      for (const url of forbidden) assert.equal(typeof checkUrl(url), 'string', `${url} was allowed`)
    },
  },
  ...PRIVATE_URLS.map(([name, url, address]): TckCase => ({
    name: `host/fetch-address-${name}`,
    proves: `a host that is allowed by name is not connected to at ${address}, however the name got there`,
    run: async (trial) => {
      const { fetch, asked } = network()
      const site = await trial.site(fetching({}), { fetch, policy: { allowed_hosts: ['*'] } })
      await site.request('/')
      const { checkAddress } = asked[0] ?? assert.fail('nobody was asked')
      assert.equal(typeof checkAddress('https://api.test/a', address), 'string', `${address} was allowed`)
      assert.equal(typeof checkAddress(url, address), 'string', `${address} was allowed for ${url}`)
      assert.equal(checkAddress('https://api.test/a', '93.184.216.34'), undefined)
    },
  })),
  {
    name: 'host/fetch-address-by-policy',
    proves:
      'an address that is not public is connected to where the policy names that very address, or says that it may be',
    run: async (trial) => {
      for (const [policy, isAllowed] of [
        [{ allowed_hosts: ['127.0.0.1'] }, true],
        [{ allowed_hosts: ['*'], allow_private_addresses: true }, true],
        [{ allowed_hosts: ['127.0.0.2', '127.0.0.1:81'] }, false],
      ] as const) {
        const { fetch, asked } = network()
        const site = await trial.site(fetching({ url: 'http://127.0.0.1:80/' }), { fetch, policy })
        await site.request('/')
        const hop = asked[0]
        assert.equal(
          hop !== undefined && hop.checkAddress('http://127.0.0.1:80/', '127.0.0.1') === undefined,
          isAllowed,
        )
      }
    },
  },
]
