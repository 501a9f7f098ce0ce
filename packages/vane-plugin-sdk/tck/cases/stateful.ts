import assert from 'node:assert/strict'

import { assertTrap, bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { TrialSite } from '../case/trial.ts'
import type { PluginSetup } from '../host/host.ts'
import type { Handler, Source } from '../plugin/spec.ts'
import { oneExport } from './one-export.ts'

const SETUP: PluginSetup = { limits: { cpuMsPerCall: 100, pool: 1 } }

/** Exports that keep their state: whose it is, and for how long. */
export const STATEFUL_CASES: readonly TckCase[] = [
  {
    name: 'isolation/stateful-keeps',
    proves: 'an instance of a stateful export keeps its memory and its globals from call to call',
    run: async (trial) => {
      const body: Source = [{ echo: 'counter' }, { echo: 'memory-counter' }]
      const handler: Handler = [{ do: 'count' }, { do: 'count', in: 'memory' }, { answer: 'short', body }]
      const site = await trial.site(oneExport(handler, { stateless: false }), SETUP)
      for (let n = 1; n <= 8; n++) assert.equal(bodyOf(await site.request('/')), `${n}${n}`)
    },
  },
  {
    name: 'isolation/stateful-of-each-call-site',
    proves: 'call sites of a stateful export do not share instances, even with the same arguments',
    run: async (trial) => {
      const counting: Handler = [{ do: 'count' }, { answer: 'short', body: { echo: 'counter' } }]
      const loaded = await trial.load(oneExport(counting, { stateless: false }), SETUP)
      const first = await trial.open(loaded)
      const second = await trial.open(loaded)
      assert.equal(bodyOf(await first.request('/')), '1')
      assert.equal(bodyOf(await first.request('/')), '2')
      assert.equal(bodyOf(await second.request('/')), '1')
    },
  },
  {
    name: 'isolation/stateful-after-a-trap',
    proves: 'after a trap an instance is never used again: the one that takes its place begins anew',
    run: async (trial) => {
      const handler: Handler = {
        match: { echo: 'uri' },
        cases: { '/bad': { answer: 'trap' } },
        otherwise: [{ do: 'count' }, { answer: 'short', body: { echo: 'counter' } }],
      }
      const site = await trial.site(oneExport(handler, { stateless: false }), SETUP)
      assert.equal(bodyOf(await site.request('/')), '1')
      assert.equal(bodyOf(await site.request('/')), '2')
      assertTrap(await site.request('/bad'), 'guest')
      assert.equal(bodyOf(await afterExhaustion(site)), '1')
    },
  },
  {
    name: 'isolation/stateful-pool-size',
    proves:
      'a stateful export has as many instances as the operator says, four without that, and no queue: one more call is exhausted',
    run: async (trial) => {
      for (const pool of [undefined, 2]) {
        const answers: (() => void)[] = []
        const setup: PluginSetup = {
          policy: { allowed_hosts: ['a.test'] },
          fetch: () =>
            new Promise((resolve) =>
              answers.push(() => resolve({ tag: 'ok', val: { status: 200, headers: [], body: new Uint8Array() } })),
            ),
          limits: { maxInFlightFetches: 20, ...(pool === undefined ? {} : { pool }) },
        }
        const waits: Handler = [
          { do: 'http-fetch', url: 'http://a.test/' },
          { answer: 'short', body: 'done' },
        ]
        const site = await trial.site(oneExport(waits, { stateless: false }), setup)
        const size = pool ?? 4
        const waiting = Array.from({ length: size }, () => site.request('/'))
        while (answers.length < size) await new Promise((resolve) => setImmediate(resolve))
        assert.equal((await site.request('/')).tag, 'exhausted')
        for (const answer of answers) answer()
        for (const outcome of await Promise.all(waiting)) assert.equal(bodyOf(outcome), 'done')
        const again = site.request('/')
        while (answers.length < size + 1) await new Promise((resolve) => setImmediate(resolve))
        answers.at(-1)?.()
        assert.equal(bodyOf(await again), 'done')
      }
    },
  },
]

/** Calls until there is an instance again: the host makes it off the request's path. */
async function afterExhaustion(site: TrialSite): ReturnType<TrialSite['request']> {
  for (;;) {
    const outcome = await site.request('/')
    if (outcome.tag !== 'exhausted') return outcome
    await new Promise((resolve) => setImmediate(resolve))
  }
}
