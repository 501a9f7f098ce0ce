import assert from 'node:assert/strict'

import type { LogLevel } from 'vane-plugin-sdk/host'

import { assertDecision, bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { Step } from '../plugin/spec.ts'
import { oneExport } from './one-export.ts'

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error']

/** The host functions but `http-fetch`. */
export const HOST_CASES: readonly TckCase[] = [
  {
    name: 'host/get-args',
    proves: 'get-args is the call site’s JSON, byte for byte, as often as it is asked for',
    run: async (trial) => {
      const args = '{"text":"ä 😀 \\u0000","list":[1,2.5,null]}'
      const site = await trial.site(oneExport({ answer: 'short', body: [{ echo: 'args' }, { echo: 'args' }] }), {
        args,
      })
      assert.equal(bodyOf(await site.request('/')), args + args)
    },
  },
  {
    name: 'host/log',
    proves: 'each level, the message and the fields of a line get to the log',
    run: async (trial) => {
      const steps = LEVELS.map((level): Step => ({
        do: 'log',
        level,
        message: `at ${level} ä`,
        fields: [['key', level]],
      }))
      const site = await trial.site(oneExport([...steps, { answer: 'continue' }]), { limits: { cpuMsPerCall: 100 } })
      assertDecision(await site.request('/'))
      const expected = LEVELS.map((level) => ({ level, message: `at ${level} ä`, fields: { key: level } }))
      assert.deepEqual(
        site.plugin.logs.map(({ level, message, fields }) => ({ level, message, fields: { ...fields } })),
        expected,
      )
    },
  },
  {
    name: 'host/now-unix-ms',
    proves: 'now-unix-ms is the wall clock in milliseconds',
    run: async (trial) => {
      const site = await trial.site(oneExport({ answer: 'short', body: { echo: 'now' } }))
      const beforeMs = Date.now()
      const nowMs = Number(bodyOf(await site.request('/')))
      // A host may take the time once for a call, and another machine's clock is another's.
      assert.ok(nowMs >= beforeMs - 5000 && nowMs <= Date.now() + 5000, `${nowMs} is not now`)
    },
  },
  ...[0, 1, 32].map((length): TckCase => ({
    name: `host/random-${length}`,
    proves: `random gives ${length} bytes when it is asked for as many, and not the same ones again`,
    run: async (trial) => {
      const site = await trial.site(oneExport({ answer: 'short', body: { echo: 'random', length } }))
      const first = bodyOf(await site.request('/'))
      const second = bodyOf(await site.request('/'))
      assert.equal(first.length, length * 2)
      if (length >= 16) assert.notEqual(first, second)
    },
  })),
  {
    name: 'host/metrics',
    proves: 'counters and gauges get to the metrics with names, labels and values to the last bit',
    run: async (trial) => {
      const site = await trial.site(
        oneExport([
          {
            do: 'metric-counter',
            name: 'hits_total',
            delta: 2n ** 63n,
            labels: [
              ['path', '/ä'],
              ['code', '200'],
            ],
          },
          { do: 'metric-gauge', name: '_level', value: -(2n ** 63n) },
          { do: 'metric-gauge', name: 'Z9', value: 2n ** 63n - 1n },
          { answer: 'continue' },
        ]),
        { limits: { cpuMsPerCall: 100 } },
      )
      assertDecision(await site.request('/'))
      const reported = site.plugin.metrics.map(({ kind, name, value, labels }) => [
        kind,
        name,
        value,
        Object.fromEntries(labels.map(({ key, value: label }) => [key, label])),
      ])
      assert.deepEqual(reported, [
        ['counter', 'hits_total', 2n ** 63n, { path: '/ä', code: '200' }],
        ['gauge', '_level', -(2n ** 63n), {}],
        ['gauge', 'Z9', 2n ** 63n - 1n, {}],
      ])
    },
  },
]
