import assert from 'node:assert/strict'

import { assertDecision, assertTrap, bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { FetchAnswered, Outcome, PluginSetup } from '../host/host.ts'
import type { Handler, WatPluginSpec } from '../plugin/spec.ts'
import { hostilePlugin } from './hostile-plugin.ts'

/** Enough CPU time that it is the flood's own limit that is met. */
const AMPLE: PluginSetup = { limits: { cpuMsPerCall: 2000 } }
const LINES_PER_SECOND = 100
/** A line says at most so much, fields included; more than anybody reads. */
const MAX_LINE_LENGTH = 131_072
const DEFAULT_SERIES = 1000
const OK: FetchAnswered = { tag: 'ok', val: { status: 200, headers: [], body: new TextEncoder().encode('yes') } }
const FETCH: Handler = [
  { do: 'http-fetch', url: 'http://allowed.test/' },
  { answer: 'short', body: { echo: 'fetch' } },
]

function lines(count: number, message: string): WatPluginSpec {
  return hostilePlugin([{ do: 'repeat', times: count, steps: [{ do: 'log', message }] }, { answer: 'continue' }])
}

/** A backend that answers when it is told to. */
function slowNetwork(): {
  readonly setup: PluginSetup
  readonly answers: (() => void)[]
  readonly arrived: (count: number) => Promise<void>
} {
  const answers: (() => void)[] = []
  return {
    answers,
    setup: {
      policy: { allowed_hosts: ['allowed.test'] },
      fetch: () => new Promise((resolve) => answers.push(() => resolve(OK))),
    },
    arrived: async (count) => {
      // A host that never asks leaves the runner's own time limit to say so.
      while (answers.length < count) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** Plugins that do what they may, but too much of it. */
export const FLOOD_CASES: readonly TckCase[] = [
  {
    name: 'floods/log',
    proves: 'a plugin logs at most 100 lines a second, however many it writes in a call',
    run: async (trial) => {
      const site = await trial.site(lines(5000, 'again'), AMPLE)
      assertDecision(await site.request('/bad'))
      const { logs } = site.plugin
      assert.ok(logs.length > 0, 'nothing was logged')
      assert.ok(logs.length <= LINES_PER_SECOND + 1, `${logs.length} lines were logged at once`)
    },
  },
  {
    name: 'floods/log-over-call-sites',
    proves: 'the limit of lines is the plugin’s: calls, call sites and instances share it',
    run: async (trial) => {
      const plugin = await trial.load(lines(60, 'again'), AMPLE)
      const begunMs = Date.now()
      for (let n = 0; n < 4; n++) {
        const site = await trial.open(plugin, { args: `{"n":${n}}`, setup: AMPLE })
        assertDecision(await site.request('/bad'))
        assertDecision(await site.request('/bad'))
      }
      // On a machine that takes its time there are more seconds to log in.
      const seconds = Math.floor((Date.now() - begunMs) / 1000) + 1
      const most = (seconds + 1) * (LINES_PER_SECOND + 1)
      assert.ok(plugin.logs.length <= Math.min(most, 480), `${plugin.logs.length} lines in ${seconds} s`)
    },
  },
  {
    name: 'floods/log-dropped',
    proves: 'a line says how many were dropped',
    run: async (trial) => {
      const site = await trial.site(lines(250, 'again'), AMPLE)
      assertDecision(await site.request('/bad'))
      const saysHowMany = (): boolean => site.plugin.logs.some(({ message }) => /\b150\b/.test(message))
      for (let n = 0; n < 400 && !saysHowMany(); n++) await new Promise((resolve) => setTimeout(resolve, 25))
      assert.ok(saysHowMany(), 'no line says that 150 were dropped')
    },
  },
  {
    name: 'floods/log-size',
    proves: 'a line of a megabyte does not get into the log as it is',
    run: async (trial) => {
      const fields = Array.from({ length: 100 }, (_, n) => [`k${n}`, 'v'.repeat(2000)] as const)
      const site = await trial.site(
        hostilePlugin([{ do: 'log', message: 'm'.repeat(300_000), fields }, { answer: 'continue' }], {
          memory: { pages: 20 },
        }),
        { limits: { cpuMsPerCall: 500, memoryMb: 2 } },
      )
      assertDecision(await site.request('/bad'))
      const length = JSON.stringify(site.plugin.logs).length
      assert.ok(length <= MAX_LINE_LENGTH, `the line has ${length} characters`)
    },
  },
  {
    name: 'floods/log-control-characters',
    proves: 'nothing in a message or a field ends a line or steers a terminal',
    run: async (trial) => {
      const nasty = 'a\nb\rc\u001b[31md\u0085e\u0000f\u007f'
      const site = await trial.site(
        hostilePlugin([{ do: 'log', message: nasty, fields: [[nasty, nasty]] }, { answer: 'continue' }]),
      )
      assertDecision(await site.request('/bad'))
      const texts = site.plugin.logs.flatMap(({ message, fields }) => [message, ...Object.entries(fields).flat()])
      assert.ok(texts.length >= 3, 'the line was not logged')
      for (const text of texts) assert.doesNotMatch(text, /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/)
    },
  },
  series('floods/metric-series', 'the operator’s limit of metric series holds', 10, { maxMetricSeries: 10 }),
  series('floods/metric-series-default', 'a plugin has at most 1,000 metric series', DEFAULT_SERIES, {}),
  {
    name: 'floods/metric-labels',
    proves: 'labels of a megabyte do not get into the metrics as they are',
    run: async (trial) => {
      const labels = Array.from({ length: 100 }, (_, n) => [`k${n}`, 'v'.repeat(2000)] as const)
      const site = await trial.site(
        hostilePlugin([{ do: 'metric-counter', name: 'a', labels }, { answer: 'continue' }], { memory: { pages: 20 } }),
        { limits: { cpuMsPerCall: 500, memoryMb: 2 } },
      )
      assertDecision(await site.request('/bad'))
      const length = JSON.stringify(site.plugin.metrics.map(({ labels: kept }) => kept)).length
      assert.ok(length <= MAX_LINE_LENGTH, `the labels have ${length} characters`)
    },
  },
  {
    name: 'floods/random',
    proves: 'up to 64 KiB of random bytes are given at a time, and one more is a trap',
    run: async (trial) => {
      const random = (length: number): Handler => [
        { do: 'random', length },
        { answer: 'short', body: 'given' },
      ]
      const cases = { '/most': random(65_536), '/more': random(65_537) }
      const site = await trial.site({
        metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
        handlers: { 'l7-request': { match: { echo: 'uri' }, cases } },
      })
      assert.equal(bodyOf(await site.request('/most')), 'given')
      assertTrap(await site.request('/more'), 'contract')
    },
  },
  {
    name: 'floods/fetches-waiting',
    proves: 'one call of a plugin may wait for a fetch, and another’s fails at once with pool-exhausted',
    run: async (trial) => {
      const { setup, answers, arrived } = slowNetwork()
      const site = await trial.site(hostilePlugin(FETCH), setup)
      const first = site.request('/bad')
      await arrived(1)
      assert.match(bodyOf(await site.request('/bad')), /^err pool-exhausted/)
      answers[0]?.()
      assert.equal(bodyOf(await first), 'ok 200 yes')
    },
  },
  {
    name: 'floods/fetches-waiting-by-override',
    proves: 'the operator can let more calls wait, and no more than that',
    run: async (trial) => {
      const { setup, answers, arrived } = slowNetwork()
      const site = await trial.site(hostilePlugin(FETCH), { ...setup, limits: { maxInFlightFetches: 3 } })
      const waiting: Promise<Outcome<'l7-request'>>[] = []
      for (let n = 1; n <= 3; n++) {
        waiting.push(site.request('/bad'))
        await arrived(n)
      }
      assert.match(bodyOf(await site.request('/bad')), /^err pool-exhausted/)
      for (const answer of answers) answer()
      for (const outcome of await Promise.all(waiting)) assert.equal(bodyOf(outcome), 'ok 200 yes')
    },
  },
  ...(['refused', 'answered'] as const).map((how): TckCase => ({
    name: `floods/fetches-${how}-share-the-thread`,
    proves: `a plugin whose fetches are ${how} at once, over and over, lets other calls be answered meanwhile`,
    run: async (trial) => {
      const url = how === 'refused' ? 'http://refused.test/' : 'http://allowed.test/'
      const setup = {
        limits: { cpuMsPerCall: 30 },
        policy: { allowed_hosts: ['allowed.test'] },
        fetch: () => Promise.resolve(OK),
      }
      const flood = await trial.site(
        hostilePlugin([
          {
            do: 'repeat',
            times: 2_000_000_000,
            steps: [
              { do: 'http-fetch', url },
              { do: 'wat', code: '(global.set $heap (i32.const 30000))' },
            ],
          },
          { answer: 'continue' },
        ]),
        setup,
      )
      const other = await trial.site(hostilePlugin({ answer: 'continue' }))
      const order: string[] = []
      const flooding = flood.request('/bad').then((outcome) => {
        order.push('flood')
        assertTrap(outcome, 'cpu')
      })
      // Once the flood is under way.
      await new Promise((resolve) => setImmediate(resolve))
      const asking = other.request('/').then(() => order.push('other'))
      await Promise.all([flooding, asking])
      assert.equal(order[0], 'other', 'the other call had to wait for all of the fetches')
    },
  })),
]

/** Reports three times as many series as there may be, and then the first one again. */
function series(name: string, proves: string, most: number, limits: NonNullable<PluginSetup['limits']>): TckCase {
  return {
    name,
    proves,
    run: async (trial) => {
      const site = await trial.site(
        hostilePlugin(
          { answer: 'continue' },
          {
            handlers: {
              'l7-request': [
                { do: 'metric-counter', name: 'hits', labels: [['uri', { echo: 'uri' }]] },
                { answer: 'continue' },
              ],
            },
          },
        ),
        { limits },
      )
      const uris = Array.from({ length: most * 3 }, (_, n) => `/${n}`)
      for (const uri of [...uris, '/0']) assertDecision(await site.request(uri))
      const reported = site.plugin.metrics.map(({ labels }) => labels[0]?.value)
      assert.equal(new Set(reported).size, most)
      assert.equal(reported.at(-1), '/0', 'a series that was there before went on')
    },
  }
}
