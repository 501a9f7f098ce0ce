import assert from 'node:assert/strict'

import type { NetError } from 'vane-plugin-sdk/host'

import { bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import { REQUEST } from '../case/trial.ts'
import type { FetchAsked, PluginSetup, PluginSetupPolicy } from '../host/host.ts'
import type { Step } from '../plugin/spec.ts'
import { fetching, network, OK, type FetchStep } from './network.ts'
import { oneExport } from './one-export.ts'

const NET_ERRORS: readonly (readonly [error: NetError, report: string])[] = [
  [{ tag: 'dns-failure', val: 'no such host ä' }, 'err dns-failure no such host ä'],
  [{ tag: 'connection-refused' }, 'err connection-refused'],
  [{ tag: 'timeout' }, 'err timeout'],
  [{ tag: 'tls-error', val: 'expired' }, 'err tls-error expired'],
  [{ tag: 'pool-exhausted' }, 'err pool-exhausted'],
  [{ tag: 'body-too-large' }, 'err body-too-large'],
  [{ tag: 'not-allowed', val: 'hop 2' }, 'err not-allowed hop 2'],
  [{ tag: 'insecure-rejected' }, 'err insecure-rejected'],
  [{ tag: 'internal', val: 'why' }, 'err internal why'],
]

/** `http-fetch`: what is asked, what is answered, and how long it may take. */
export const FETCH_CASES: readonly TckCase[] = [
  {
    name: 'host/fetch-request',
    proves: 'the network is asked for what the plugin asked for, within the limits of call and policy',
    run: async (trial) => {
      const { asked, fetch } = network()
      const step = {
        method: 'POST',
        headers: [
          ['X-A', 'b'],
          ['x-a', 'c'],
        ],
        body: 'dätä',
        timeoutMs: 1234,
        followRedirects: 2,
        verifyTls: false,
      } as const
      const policy = { allowed_hosts: ['api.test'], allow_insecure: true, max_body_size: 10 }
      const site = await trial.site(fetching(step), { fetch, policy })
      assert.equal(bodyOf(await site.request('/')), 'ok 200 yes')
      const [{ request, limits } = assert.fail('nobody was asked')] = asked
      assert.equal(request.method, 'POST')
      assert.equal(request.url, 'https://api.test/a')
      assert.deepEqual(
        request.headers.map(([name, value]) => [name, value]),
        [
          ['x-a', 'b'],
          ['x-a', 'c'],
        ],
      )
      assert.equal(new TextDecoder().decode(request.body), 'dätä')
      assert.deepEqual({ ...limits }, { maxBodyBytes: 10, timeoutMs: 1234, followRedirects: 2, allowInsecure: true })
    },
  },
  fetchLimits(
    'host/fetch-limits-default',
    'what neither call nor policy says has the contract’s defaults',
    {},
    {
      maxBodyBytes: 1_048_576,
      timeoutMs: 30_000,
      followRedirects: 5,
      allowInsecure: false,
    },
  ),
  fetchLimits(
    'host/fetch-limits-of-policy',
    'what the call does not say is the policy’s to say',
    { policy: { default_timeout_ms: 77, default_follow_redirects: 0, max_body_size: 3, allow_insecure: true } },
    { maxBodyBytes: 3, timeoutMs: 77, followRedirects: 0, allowInsecure: false },
  ),
  fetchLimits(
    'host/fetch-limits-of-call',
    'timeout and redirects of the call come before the policy’s',
    {
      step: { timeoutMs: 55, followRedirects: 1, verifyTls: true },
      policy: { default_timeout_ms: 77, default_follow_redirects: 9 },
    },
    { maxBodyBytes: 1_048_576, timeoutMs: 55, followRedirects: 1, allowInsecure: false },
  ),
  {
    name: 'host/fetch-response',
    proves: 'a plugin is answered status, headers in order with names in lower case, and body',
    run: async (trial) => {
      const headers: [string, string][] = [
        ['Location', '/b'],
        ['x', ''],
        ['X', '2'],
      ]
      const { fetch } = network({ tag: 'ok', val: { status: 302, headers, body: new Uint8Array() } })
      const body = [{ echo: 'fetch' }, '\n', { echo: 'fetch-headers' }] as const
      const spec = oneExport([
        { do: 'http-fetch', url: 'https://api.test/' },
        { answer: 'short', body },
      ])
      const site = await trial.site(spec, { fetch, policy: { allowed_hosts: ['api.test'] } })
      assert.equal(bodyOf(await site.request('/')), 'ok 302 \nlocation: /b\nx: \nx: 2\n')
    },
  },
  ...NET_ERRORS.map(([error, report]): TckCase => ({
    name: `host/fetch-error-${error.tag}`,
    proves: `a fetch that ends as ${error.tag} is answered that: failures are results, not traps`,
    run: async (trial) => {
      const { fetch } = network({ tag: 'err', val: error })
      const site = await trial.site(fetching({}), { fetch, policy: { allowed_hosts: ['api.test'] } })
      for (let n = 0; n < 2; n++) assert.equal(bodyOf(await site.request('/')).trim(), report)
    },
  })),
  {
    name: 'host/fetch-response-body',
    proves: 'a response body over the policy’s size is body-too-large, and never cut',
    run: async (trial) => {
      const { fetch } = network()
      const site = await trial.site(fetching({}), { fetch, policy: { allowed_hosts: ['api.test'], max_body_size: 2 } })
      assert.ok(bodyOf(await site.request('/')).startsWith('err body-too-large'))
    },
  },
  {
    name: 'host/fetch-client-gone',
    proves: 'when the client goes away, what the plugin waits for is called off',
    run: async (trial) => {
      const asked: FetchAsked[] = []
      const fetch: NonNullable<PluginSetup['fetch']> = (fetched) => {
        asked.push(fetched)
        return new Promise<never>((_, reject) =>
          fetched.signal.addEventListener('abort', () => reject(new Error('called off'))),
        )
      }
      const site = await trial.site(fetching({}), { fetch, policy: { allowed_hosts: ['api.test'] } })
      const client = new AbortController()
      const outcome = site.call('l7-request', REQUEST, client.signal)
      while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
      client.abort()
      await outcome
      assert.equal(asked[0]?.signal.aborted, true)
    },
  },
  {
    name: 'host/fetch-timeout',
    proves: 'a fetch that nobody answers ends as timeout when its time is up',
    run: async (trial) => {
      const fetch: NonNullable<PluginSetup['fetch']> = () => new Promise<never>(() => {})
      const site = await trial.site(fetching({ timeoutMs: 20 }), { fetch, policy: { allowed_hosts: ['api.test'] } })
      assert.ok(bodyOf(await site.request('/')).startsWith('err timeout'))
    },
  },
  {
    name: 'host/fetch-wait-is-free',
    proves: 'time spent waiting is not the plugin’s CPU time, even if the thread is busy all the while',
    run: async (trial) => {
      const fetch: NonNullable<PluginSetup['fetch']> = async () => {
        await new Promise((resolve) => setImmediate(resolve))
        const untilMs = trial.host.cpuTimeMs() + 60
        while (trial.host.cpuTimeMs() < untilMs);
        return OK
      }
      const step: Step = { do: 'http-fetch', url: 'https://api.test/' }
      const spec = oneExport([step, { do: 'spin', rounds: 1000 }, step, { answer: 'short', body: { echo: 'fetch' } }])
      const site = await trial.site(spec, {
        fetch,
        policy: { allowed_hosts: ['api.test'] },
        limits: { cpuMsPerCall: 50 },
      })
      assert.equal(bodyOf(await site.request('/')), 'ok 200 yes')
    },
  },
]

interface Given {
  readonly step?: Partial<FetchStep>
  readonly policy?: PluginSetupPolicy
}

function fetchLimits(
  name: string,
  proves: string,
  { step = {}, policy = {} }: Given,
  limits: FetchAsked['limits'],
): TckCase {
  return {
    name,
    proves,
    run: async (trial) => {
      const { fetch, asked } = network()
      const site = await trial.site(fetching(step), { fetch, policy: { allowed_hosts: ['api.test'], ...policy } })
      await site.request('/')
      assert.deepEqual({ ...asked[0]?.limits }, limits)
    },
  }
}
