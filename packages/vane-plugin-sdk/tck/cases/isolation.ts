import assert from 'node:assert/strict'

import { bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { TrialSite } from '../case/trial.ts'
import type { FetchAnswered, PluginSetup } from '../host/host.ts'
import type { Handler, Source, Step } from '../plugin/spec.ts'
import { oneExport } from './one-export.ts'

const SETUP: PluginSetup = { limits: { cpuMsPerCall: 100, pool: 1 } }
const ROUNDS = 8

/** Marks that a call leaves, and how the next one would see them. */
interface Mark {
  readonly name: string
  readonly where: string
  readonly steps: readonly Step[]
  readonly seen: Source
  readonly fields?: string
}

const GROWN: Source = { echo: 'grown' }
const wat = (code: string): Step => ({ do: 'wat', code })

const MARKS: readonly Mark[] = [
  { name: 'global', where: 'a global', steps: [{ do: 'count' }], seen: { echo: 'counter' } },
  { name: 'memory', where: 'memory', steps: [{ do: 'count', in: 'memory' }], seen: { echo: 'memory-counter' } },
  {
    name: 'memory-of-the-last-page',
    where: 'the last bytes of memory',
    steps: [
      wat('(global.set $grown (i32.load (i32.const 65532)))'),
      wat('(i32.store (i32.const 65532) (i32.const 7))'),
    ],
    seen: GROWN,
  },
  {
    name: 'heap',
    where: 'the heap, where the host puts what it hands over',
    steps: [
      wat('(global.set $grown (i32.load (i32.const 40000)))'),
      wat('(i32.store (i32.const 40000) (local.get $uri_len))'),
    ],
    seen: GROWN,
  },
  {
    name: 'data-segment',
    where: 'memory that a data segment has filled',
    steps: [
      wat('(global.set $grown (i32.load8_u (i32.const 30000)))'),
      wat('(i32.store8 (i32.const 30000) (i32.const 0))'),
    ],
    seen: GROWN,
    fields: '(data (i32.const 30000) "D")',
  },
  { name: 'memory-size', where: 'the size of memory', steps: [{ do: 'grow', pages: 1 }], seen: { echo: 'pages' } },
  {
    name: 'grown-memory',
    where: 'memory that has grown',
    steps: [
      wat(`(if (i32.lt_u (memory.size) (i32.const 2)) (then (drop (memory.grow (i32.const 1)))))
        (global.set $grown (i32.load (i32.const 100000))) (i32.store (i32.const 100000) (i32.const 9))`),
    ],
    seen: GROWN,
  },
  {
    name: 'table-entry',
    where: 'an entry of a table',
    steps: [
      wat(
        `(global.set $grown (ref.is_null (table.get $t (i32.const 0)))) (table.set $t (i32.const 0) (ref.func $leaf))`,
      ),
    ],
    seen: GROWN,
    fields: '(table $t 1 1 funcref) (func $leaf) (elem declare func $leaf)',
  },
  {
    name: 'table-size',
    where: 'the size of a table',
    steps: [wat('(drop (table.grow $t (ref.null func) (i32.const 1))) (global.set $grown (table.size $t))')],
    seen: GROWN,
    fields: '(table $t 0 8 funcref)',
  },
  {
    name: 'reference-global',
    where: 'a global that holds a function',
    steps: [wat('(global.set $grown (ref.is_null (global.get $r))) (global.set $r (ref.func $leaf))')],
    seen: GROWN,
    fields: '(global $r (mut funcref) (ref.null func)) (func $leaf) (elem declare func $leaf)',
  },
  {
    name: 'float-global',
    where: 'the bits of a floating-point global',
    steps: [
      // A NaN of its own: its payload must not pass from call to call either.
      wat(`(global.set $grown (i32.wrap_i64 (i64.reinterpret_f64 (global.get $f))))
        (global.set $f (f64.reinterpret_i64 (i64.const 0x7ff8000000000123)))`),
    ],
    seen: GROWN,
    fields: '(global $f (mut f64) (f64.const 0))',
  },
  {
    name: 'vector-global',
    where: 'a vector global',
    steps: [
      wat('(global.set $grown (i32x4.extract_lane 0 (global.get $v))) (global.set $v (i32x4.splat (i32.const 7)))'),
    ],
    seen: GROWN,
    fields: '(global $v (mut v128) (v128.const i32x4 0 0 0 0))',
  },
]

/** Segments that a call drops: the next call that needs one would trap. */
const DROPS: readonly (readonly [name: string, where: string, code: string, fields: string])[] = [
  [
    'data-drop',
    'whether a data segment was dropped',
    '(memory.init $d (i32.const 8) (i32.const 0) (i32.const 1)) (data.drop $d)',
    '(data $d "x")',
  ],
  [
    'elem-drop',
    'whether an element segment was dropped',
    '(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $e)',
    '(table $t 1 1 funcref) (func $leaf) (elem $e func $leaf)',
  ],
]

/** What as many calls as it takes to use an instance again answer; a trap is an answer, too. */
async function answersOf(site: TrialSite): Promise<Set<string>> {
  const answers = new Set<string>()
  for (let n = 0; n < ROUNDS; n++) {
    const outcome = await site.request(`/${'x'.repeat(n + 1)}`)
    answers.add(outcome.tag === 'trap' ? 'trap' : bodyOf(outcome))
    // Some hosts put instances back, or make others, off the request's path.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return answers
}

/** Expects one answer of a stateless export; and more of the same as a stateful one, for else nothing would have been looked at. */
function forgets(name: string, where: string, handler: Handler, fields = ''): TckCase {
  return {
    name: `isolation/${name}`,
    proves: `a stateless export finds nothing of an earlier call in ${where}`,
    run: async (trial) => {
      const stateless = await answersOf(await trial.site(oneExport(handler, { fields }), SETUP))
      assert.equal(stateless.size, 1, `calls answered ${[...stateless].join(', ')}`)
      const stateful = await answersOf(await trial.site(oneExport(handler, { stateless: false, fields }), SETUP))
      assert.ok(stateful.size > 1, 'a stateful export has no state, so that this case says nothing')
    },
  }
}

/** Calls and call sites: who sees whose data. */
export const ISOLATION_CASES: readonly TckCase[] = [
  ...MARKS.map(({ name, where, steps, seen, fields }) =>
    forgets(name, where, [...steps, { answer: 'short', body: seen }], fields),
  ),
  ...DROPS.map(([name, where, code, fields]): TckCase => ({
    name: `isolation/${name}`,
    proves: `a stateless export finds nothing of an earlier call in ${where}`,
    run: async (trial) => {
      const handler: Handler = [wat(code), { answer: 'short', body: 'there' }]
      assert.deepEqual(await answersOf(await trial.site(oneExport(handler, { fields }), SETUP)), new Set(['there']))
    },
  })),
  {
    name: 'isolation/secret-of-another-request',
    proves: 'what one request carried is nowhere in memory when the next one is handled',
    run: async (trial) => {
      const peek: Handler = {
        match: { echo: 'uri' },
        cases: { '/peek': { answer: 'short', body: { echo: 'memory', at: 8192, length: 56_000 } } },
        otherwise: { answer: 'continue' },
      }
      const site = await trial.site(oneExport(peek), SETUP)
      const headers = Array.from({ length: 20 }, (_, n) => ({ name: `h${n}`, value: 'tck-secret '.repeat(20) }))
      for (let n = 0; n < ROUNDS; n++) {
        await site.call('l7-request', { method: 'GET', uri: '/', headers, context: [] })
        assert.ok(!bodyOf(await site.request('/peek')).includes('tck-secret'), 'another request was still in memory')
      }
    },
  },
  {
    name: 'isolation/after-an-error',
    proves: 'an error that a stateless export answers leaves nothing behind either',
    run: async (trial) => {
      const handler: Handler = [{ do: 'count' }, { answer: 'error', code: { echo: 'counter' } }]
      const site = await trial.site(oneExport(handler), SETUP)
      for (let n = 0; n < ROUNDS; n++) {
        const outcome = await site.request('/')
        assert.equal(outcome.tag === 'error' ? outcome.code : outcome.tag, '1')
      }
    },
  },
  {
    name: 'isolation/while-others-wait',
    proves: 'calls that wait for their fetches at the same time see nothing of one another',
    run: async (trial) => {
      const answers: (() => void)[] = []
      const fetch: NonNullable<PluginSetup['fetch']> = ({ request }) =>
        new Promise<FetchAnswered>((resolve) =>
          answers.push(() => resolve({ tag: 'ok', val: { status: 200, headers: [], body: request.body } })),
        )
      const handler: Handler = [
        { do: 'count' },
        { do: 'remember', value: { echo: 'uri' } },
        { do: 'http-fetch', url: 'http://a.test/', body: { echo: 'uri' } },
        { answer: 'short', body: [{ echo: 'counter' }, { echo: 'remembered' }, { echo: 'fetch' }] },
      ]
      const setup = { policy: { allowed_hosts: ['a.test'] }, fetch, limits: { maxInFlightFetches: 8 } }
      const site = await trial.site(oneExport(handler), setup)
      for (let round = 0; round < 3; round++) {
        const calls = Array.from({ length: 6 }, (_, n) => site.request(`/${round}${n}`))
        while (answers.length < 6) await new Promise((resolve) => setImmediate(resolve))
        for (const answer of answers.splice(0).toReversed()) answer()
        const bodies = (await Promise.all(calls)).map((outcome) => bodyOf(outcome))
        assert.deepEqual(
          bodies,
          Array.from({ length: 6 }, (_, n) => `1/${round}${n}ok 200 /${round}${n}`),
        )
      }
    },
  },
  {
    name: 'isolation/arguments',
    proves: 'call sites with other arguments are told their own, for as long as they live',
    run: async (trial) => {
      const loaded = await trial.load(oneExport({ answer: 'short', body: { echo: 'args' } }))
      const sites = await Promise.all(['{"a":1}', '{"a":2}', '{}'].map((args) => trial.open(loaded, { args })))
      for (let round = 0; round < 3; round++) {
        const bodies = await Promise.all(sites.map(async (site) => bodyOf(await site.request('/'))))
        assert.deepEqual(bodies, ['{"a":1}', '{"a":2}', '{}'])
      }
    },
  },
]
