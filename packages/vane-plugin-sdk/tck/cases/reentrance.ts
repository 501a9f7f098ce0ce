import assert from 'node:assert/strict'

import { assertTrap, bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { FetchAnswered, PluginSetup } from '../host/host.ts'
import type { Handler, WatPluginSpec } from '../plugin/spec.ts'
import { hostilePlugin } from './hostile-plugin.ts'

const OK: FetchAnswered = { tag: 'ok', val: { status: 200, headers: [], body: new Uint8Array() } }
const FETCH_SETUP: PluginSetup = { policy: { allowed_hosts: ['a.test'] }, fetch: () => Promise.resolve(OK) }

const ZEROS = '(i32.const 0) '.repeat(14)
const HOST_CALLS = {
  log: '(call $host_log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))',
  'get-args': '(call $host_get-args (i32.const 512))',
  'http-fetch': `(call $host_http-fetch ${ZEROS} (i32.const 512))`,
} as const

/** Has the generated module import all of them, at a place that is never come to. */
const IMPORTING: Handler = {
  match: { echo: 'uri' },
  cases: {
    '/never': [
      { do: 'log', message: '' },
      { do: 'http-fetch', url: 'http://a.test/' },
      { answer: 'short', body: { echo: 'args' } },
    ],
  },
  otherwise: { answer: 'continue' },
}

function plugin(rest: Partial<WatPluginSpec>): WatPluginSpec {
  return { ...hostilePlugin({ answer: 'continue' }), handlers: { 'l7-request': IMPORTING }, ...rest }
}

/** Plugins that call the host where they must not, or are called while they run. */
export const REENTRANCE_CASES: readonly TckCase[] = [
  ...Object.entries(HOST_CALLS).flatMap(([name, wat]): TckCase[] => [
    {
      name: `reentrance/${name}-in-realloc`,
      proves: `calling ${name} from cabi_realloc, while the host hands values over, is a trap`,
      run: async (trial) => {
        const site = await trial.site(plugin({ realloc: { wat } }), FETCH_SETUP)
        for (let round = 0; round < 3; round++) assertTrap(await site.request('/'))
      },
    },
    {
      name: `reentrance/${name}-in-post-return`,
      proves: `calling ${name} from the post-return function is a trap`,
      run: async (trial) => {
        const site = await trial.site(plugin({ postReturn: { wat } }), FETCH_SETUP)
        for (let round = 0; round < 3; round++) assertTrap(await site.request('/'))
      },
    },
  ]),
  {
    name: 'reentrance/fetch-in-get-metadata',
    proves: 'get-metadata cannot fetch: a component that does is refused',
    run: async (trial) => {
      await trial.refusalOf(plugin({ getMetadata: { wat: `${HOST_CALLS['http-fetch']} (i32.const 0)` } }), FETCH_SETUP)
    },
  },
  {
    name: 'reentrance/fetch-in-start',
    proves: 'a start function cannot fetch: a component whose start function does is refused',
    run: async (trial) => {
      await trial.refusalOf(plugin({ start: { wat: HOST_CALLS['http-fetch'] } }), FETCH_SETUP)
    },
  },
  {
    name: 'reentrance/while-it-waits',
    proves: 'an instance that waits for a fetch is not entered: where it is the only one, others are exhausted at once',
    run: async (trial) => {
      const answers: (() => void)[] = []
      const setup: PluginSetup = {
        policy: { allowed_hosts: ['a.test'] },
        fetch: () => new Promise((resolve) => answers.push(() => resolve(OK))),
        limits: { pool: 1, maxInFlightFetches: 10 },
      }
      const waiting: Handler = [
        { do: 'count' },
        { do: 'http-fetch', url: 'http://a.test/' },
        { answer: 'short', body: { echo: 'counter' } },
      ]
      const site = await trial.site(
        {
          metadata: { exports: [{ name: 'x', kind: 'l7-request', stateless: false }] },
          handlers: { 'l7-request': waiting },
        },
        setup,
      )
      const first = site.request('/')
      while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve))
      assert.equal((await site.request('/')).tag, 'exhausted')
      answers.shift()?.()
      assert.equal(bodyOf(await first), '1')
    },
  },
]
