import type { PluginMetricLabel, PluginMetrics } from 'vane-core'
import type { Handler, WatPluginSpec } from 'vane-fixtures'
import { expect, test, vi } from 'vitest'

import { bodyOf, openSite, recordingLogger, REQUEST } from './_setup.ts'

function plugin(handler: Handler): WatPluginSpec {
  return {
    metadata: { version: '2.3.4', exports: [{ name: 'x', kind: 'l7-request' }] },
    handlers: { 'l7-request': handler },
  }
}

interface Report {
  kind: string
  plugin: string
  name: string
  value: bigint
  labels: readonly PluginMetricLabel[]
}

function recordingMetrics(): { metrics: PluginMetrics; reports: Report[] } {
  const reports: Report[] = []
  const metrics: PluginMetrics = {
    counter: (plugin, name, value, labels) => void reports.push({ kind: 'counter', plugin, name, value, labels }),
    gauge: (plugin, name, value, labels) => void reports.push({ kind: 'gauge', plugin, name, value, labels }),
  }
  return { metrics, reports }
}

test("get-args answers the call site's arguments", async () => {
  const { site } = await openSite(plugin({ answer: 'short', body: { echo: 'args' } }), { argsJson: '{"token":"ü"}' })
  expect(await bodyOf(site.l7Request(REQUEST))).toBe('{"token":"ü"}')
})

test('now-unix-ms is the wall clock', async () => {
  const { site } = await openSite(plugin({ answer: 'short', body: { echo: 'now' } }))
  const beforeMs = Date.now()
  const now = Number(await bodyOf(site.l7Request(REQUEST)))
  expect(now).toBeGreaterThanOrEqual(beforeMs)
  expect(now).toBeLessThanOrEqual(Date.now())
})

test('random gives as many bytes as asked for, up to 64 KiB, and never the same', async () => {
  const { site } = await openSite(
    plugin([
      { do: 'random', length: 65_536 },
      { answer: 'short', body: { echo: 'random', length: 32 } },
    ]),
  )
  const first = await bodyOf(site.l7Request(REQUEST))
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(await bodyOf(site.l7Request(REQUEST))).not.toBe(first)
})

test.each(['trace', 'debug', 'info', 'warn', 'error'] as const)(
  'log at %s carries plugin, version, export and connection',
  async (level) => {
    const { logger, lines } = recordingLogger()
    const handler: Handler = [
      {
        do: 'log',
        level,
        message: 'hello',
        fields: [
          ['plugin', 'other'],
          ['__proto__', 'x'],
        ],
      },
      { answer: 'continue' },
    ]
    const { site } = await openSite(plugin(handler), { logger })
    await site.l7Request(REQUEST, { connectionId: '0123456789abcdef' })
    expect(lines).toEqual([
      {
        level,
        message: 'hello',
        fields: {
          plugin: 'plugin',
          version: '2.3.4',
          export: 'x',
          connectionId: '0123456789abcdef',
          fields: Object.fromEntries([
            ['plugin', 'other'],
            ['__proto__', 'x'],
          ]),
        },
      },
    ])
  },
)

test('a line cannot be made to look like two', async () => {
  const { logger, lines } = recordingLogger()
  const { site } = await openSite(plugin([{ do: 'log', message: 'a\nb\u001b[31m\r' }, { answer: 'continue' }]), {
    logger,
  })
  await site.l7Request(REQUEST)
  expect(lines[0]?.message).toBe('a\\x{0a}b\\x{1b}[31m\\x{0d}')
})

test('at most 100 lines a second for all instances of a plugin, then one that tells how many were dropped', async () => {
  const { logger, lines } = recordingLogger()
  const { site, runtime } = await openSite(
    plugin([{ do: 'repeat', times: 60, steps: [{ do: 'log', message: 'x' }] }, { answer: 'continue' }]),
    { logger },
  )
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    for (let n = 0; n < 3; n++) await site.l7Request(REQUEST)
    expect(lines).toHaveLength(100)
    vi.advanceTimersByTime(1000)
    expect(lines[100]).toMatchObject({
      level: 'warn',
      message: 'dropped 80 log lines of plugin plugin: more than 100 in a second',
    })
    await site.l7Request(REQUEST)
    expect(lines).toHaveLength(161)
    await runtime.close()
    expect(lines).toHaveLength(161)
  } finally {
    vi.useRealTimers()
  }
})

test("metrics reach the sink with the plugin's stem and sorted labels", async () => {
  const { metrics, reports } = recordingMetrics()
  const { site } = await openSite(
    plugin([
      {
        do: 'metric-counter',
        name: 'hits',
        delta: 2n ** 63n,
        labels: [
          ['b', '2'],
          ['a', '1'],
        ],
      },
      { do: 'metric-gauge', name: '_level', value: -7n, labels: [['status-code', '200']] },
      { answer: 'continue' },
    ]),
    { metrics },
  )
  await site.l7Request(REQUEST)
  expect(reports).toEqual([
    {
      kind: 'counter',
      plugin: 'plugin',
      name: 'hits',
      value: 2n ** 63n,
      labels: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ],
    },
    { kind: 'gauge', plugin: 'plugin', name: '_level', value: -7n, labels: [{ key: 'status_code', value: '200' }] },
  ])
})

test('series over the limit are dropped with one warning; known ones go on', async () => {
  const { metrics, reports } = recordingMetrics()
  const { logger, lines } = recordingLogger()
  const { site } = await openSite(
    plugin([{ do: 'metric-counter', name: 'hits', labels: [['uri', { echo: 'uri' }]] }, { answer: 'continue' }]),
    {
      metrics,
      logger,
      limits: { plugin: { maxMetricSeries: 3 } },
    },
  )
  for (const uri of ['/1', '/2', '/3', '/4', '/5', '/1']) await site.l7Request({ ...REQUEST, uri })
  expect(reports.map(({ labels }) => labels[0]?.value)).toEqual(['/1', '/2', '/3', '/1'])
  expect(lines.map(({ message }) => message)).toEqual([
    'plugin plugin reports more than 3 metric series: the rest is dropped',
  ])
})

test('a sink that throws does not hurt the plugin', async () => {
  const { logger, lines } = recordingLogger()
  const fail = (): never => {
    throw new Error('no disk')
  }
  const { site } = await openSite(plugin([{ do: 'metric-counter', name: 'hits' }, { answer: 'continue' }]), {
    metrics: { counter: fail, gauge: fail },
    logger,
  })
  expect(site.l7Request(REQUEST)).toEqual({ tag: 'continue' })
  expect(lines).toMatchObject([{ level: 'warn', message: 'metrics of plugin plugin cannot be recorded' }])
})

test('a trap stands even if the plugin swallows the exception of the host function', async () => {
  const swallow = '(block $caught (try_table (catch_all $caught) (call $host_random (i32.const 70000) (i32.const 0))))'
  const { site } = await openSite(
    plugin([{ do: 'random', length: 1 }, { do: 'wat', code: swallow }, { answer: 'continue' }]),
  )
  expect(() => site.l7Request(REQUEST)).toThrow(
    'plugin trap: asked for 70000 random bytes at once, more than the limit of 65536',
  )
})
