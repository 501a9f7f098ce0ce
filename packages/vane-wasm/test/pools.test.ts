import type { WatPluginSpec } from 'vane-fixtures'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { bodyOf, loadPlugin, openSite, recordingLogger, REQUEST, until } from './_setup.ts'

const COUNTER: WatPluginSpec = {
  metadata: { exports: [{ name: 'x', kind: 'l7-request', stateless: false }] },
  handlers: { 'l7-request': [{ do: 'count' }, { answer: 'short', body: { echo: 'counter' } }] },
}

const STATELESS: WatPluginSpec = {
  metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
  handlers: { 'l7-request': { answer: 'short', body: { echo: 'args' } } },
}

describe('stateful', () => {
  test('four instances by default, made before the call site is handed out', async () => {
    const { runtime, module } = await openSite(COUNTER)
    expect(runtime.snapshot()).toEqual([
      { kind: 'stateful', key: module, export: 'x', capacity: 4, available: 4, totalAllocations: 4, failures: 0 },
    ])
  })

  test('state survives between calls', async () => {
    const { site } = await openSite(COUNTER, { limits: { plugin: { pool: 1 } } })
    for (const n of ['1', '2', '3', '4']) expect(await bodyOf(site.l7Request(REQUEST))).toBe(n)
  })

  test('each call site has instances of its own, even for the same arguments', async () => {
    const { runtime, module } = await loadPlugin(COUNTER, { limits: { plugin: { pool: 1 } } })
    const a = await runtime.prepareCallSite(module, 'x', '{}')
    const b = await runtime.prepareCallSite(module, 'x', '{}')
    expect(await bodyOf(a.l7Request(REQUEST))).toBe('1')
    expect(await bodyOf(a.l7Request(REQUEST))).toBe('2')
    expect(await bodyOf(b.l7Request(REQUEST))).toBe('1')
    expect(runtime.snapshot()).toHaveLength(2)
    a.release()
    expect(runtime.snapshot()).toHaveLength(1)
    expect(await bodyOf(b.l7Request(REQUEST))).toBe('2')
  })

  test("limits of one plugin are not another's", async () => {
    const { runtime } = await openSite(COUNTER, { limits: { other: { pool: 1 } } })
    expect(runtime.snapshot()[0]?.capacity).toBe(4)
  })
})

describe('stateless', () => {
  test('spares are made ahead of calls', async () => {
    const { runtime, module } = await openSite(STATELESS)
    await until(() => runtime.snapshot()[0]?.available === 2, 'two spares')
    expect(runtime.snapshot()).toEqual([
      { kind: 'stateless', key: module, export: 'x', capacity: 2, available: 2, totalAllocations: 2, failures: 0 },
    ])
  })

  test('an instance that cannot be made is a failure and leaves the call exhausted, until one can be made again', async () => {
    const { logger, lines } = recordingLogger()
    // Its start function traps after the year 2100.
    const spec: WatPluginSpec = {
      ...STATELESS,
      start: { wat: '(if (i64.gt_u (call $host_now-unix-ms) (i64.const 4102444800000)) (then (unreachable)))' },
      handlers: {
        'l7-request': {
          match: { echo: 'uri' },
          cases: { '/trap': { answer: 'trap' } },
          otherwise: { answer: 'short', body: { echo: 'now' } },
        },
      },
    }
    const { site, runtime } = await openSite(spec, { logger })
    await until(() => runtime.snapshot()[0]?.available === 2, 'two spares')
    vi.useFakeTimers({ toFake: ['Date'], now: 4_102_444_800_001 })
    onTestFinished(() => void vi.useRealTimers())
    for (let n = 0; n < 2; n++) expect(() => site.l7Request({ ...REQUEST, uri: '/trap' })).toThrow('plugin trap')
    expect(() => site.l7Request(REQUEST)).toThrow('plugin pool exhausted: no instance available')
    expect(runtime.snapshot()).toMatchObject([{ capacity: 0, available: 0, totalAllocations: 2, failures: 1 }])
    expect(lines.at(-1)).toMatchObject({ level: 'warn', message: 'a plugin instance cannot be made' })
    vi.useRealTimers()
    expect(await bodyOf(site.l7Request(REQUEST))).toMatch(/^1\d+$/)
  })
})

describe('caps over all pools', () => {
  test('spares of an idle pool make room for a call of another', async () => {
    const { runtime, module } = await loadPlugin(STATELESS, { maxStatelessInstances: 2 })
    const a = await runtime.prepareCallSite(module, 'x', '{"a":1}')
    await until(() => runtime.snapshot()[0]?.available === 2, 'two spares')
    const b = await runtime.prepareCallSite(module, 'x', '{"b":1}')
    expect(await bodyOf(b.l7Request(REQUEST))).toBe('{"b":1}')
    expect(await bodyOf(a.l7Request(REQUEST))).toBe('{"a":1}')
    expect(runtime.snapshot().reduce((sum, { capacity }) => sum + capacity, 0)).toBe(2)
    expect(runtime.snapshot().map(({ failures }) => failures)).toEqual([0, 0])
  })

  test('a stateful pool that finds no room is refused and takes nothing', async () => {
    const { runtime, module } = await loadPlugin(COUNTER, { maxInstances: 6 })
    await runtime.prepareCallSite(module, 'x', '{}')
    await expect(runtime.prepareCallSite(module, 'x', '{}')).rejects.toMatchObject({
      kind: 'resource',
      reason: 'wasm-pool',
      message: expect.stringContaining('no room for another plugin instance'),
    })
    expect(runtime.snapshot()).toMatchObject([{ capacity: 4 }])
    await expect(runtime.invokeL7Request(module, 'x', '{}', REQUEST)).rejects.toThrow(
      'plugin pool exhausted: no instance available',
    )
    const small = await runtime.prepareCallSite(module, 'x', '{}').catch((error: unknown) => error)
    expect(small).toMatchObject({ kind: 'resource' })
  })

  test('released instances make room again', async () => {
    const { runtime, module } = await loadPlugin(COUNTER, { maxInstances: 4 })
    for (let n = 0; n < 5; n++) {
      const site = await runtime.prepareCallSite(module, 'x', '{}')
      expect(await bodyOf(site.l7Request(REQUEST))).toBe('1')
      site.release()
    }
  })
})

test.each([{ pool: 0 }, { pool: 1.5 }, { pool: 257 }, { maxInFlightFetches: -1 }, { maxMetricSeries: Number.NaN }])(
  'limits out of range are refused: %o',
  async (limits) => {
    await expect(loadPlugin(COUNTER, { limits: { plugin: limits } })).rejects.toThrow(
      /^limits of plugin "plugin": \w+ must be a whole number from 1 to \d+$/,
    )
  },
)
