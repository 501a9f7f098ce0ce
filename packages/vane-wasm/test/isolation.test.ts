import { PluginPolicyTable, type HttpFetchBackend } from 'vane-core'
import { watPlugin, type Handler, type Source, type Step, type WatPluginSpec } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { bodyOf, loadPlugin, openSite, REQUEST, until } from './_setup.ts'
import { wasiPlugin, type WasiCase } from './_wasi-plugin.ts'

function plugin(steps: readonly Step[], body: Source, rest: Partial<WatPluginSpec> = {}): WatPluginSpec {
  const handler: Handler = [...steps, { answer: 'short', body }]
  return { metadata: { exports: [{ name: 'x', kind: 'l7-request' }] }, handlers: { 'l7-request': handler }, ...rest }
}

/** Answers of as many calls as it takes to use every instance more than once. A trap is one, too. */
async function answersOf(spec: WatPluginSpec): Promise<Set<string>> {
  const { site } = await openSite(spec, { limits: { plugin: { pool: 1 } } })
  const answers = new Set<string>()
  for (let n = 0; n < 10; n++) {
    try {
      answers.add(await bodyOf(site.l7Request({ ...REQUEST, uri: `/${n}` })))
    } catch (error) {
      answers.add(String(error))
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return answers
}

/** Expects one and the same answer of a stateless export, and more than one of the same plugin as a stateful export. */
async function expectIsolated(spec: WatPluginSpec, answer: string): Promise<void> {
  expect(await answersOf(spec)).toEqual(new Set([answer]))
  const [entry] = spec.metadata.exports
  if (entry === undefined) throw new Error('the plugin has no export')
  const stateful = await answersOf({ ...spec, metadata: { exports: [{ ...entry, stateless: false }] } })
  expect(stateful.size).toBeGreaterThan(1)
}

describe('a stateless export finds nothing of an earlier call', () => {
  test('in a global that is not exported', async () => {
    await expectIsolated(plugin([{ do: 'count' }], { echo: 'counter' }), '1')
  })

  test('in memory', async () => {
    await expectIsolated(plugin([{ do: 'count', in: 'memory' }], { echo: 'memory-counter' }), '1')
  })

  test('in memory that it has not used itself', async () => {
    const remembered = plugin([], { echo: 'remembered' })
    const spec: WatPluginSpec = {
      ...remembered,
      handlers: {
        'l7-request': {
          match: { echo: 'uri' },
          cases: {
            '/0': [
              { do: 'remember', value: 'secret' },
              { answer: 'short', body: { echo: 'remembered' } },
            ],
          },
          otherwise: { answer: 'short', body: { echo: 'remembered' } },
        },
      },
    }
    expect(await answersOf(spec)).toEqual(new Set(['secret', '']))
    const { site } = await openSite(spec)
    expect(await bodyOf(site.l7Request({ ...REQUEST, uri: '/0' }))).toBe('secret')
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('')
  })

  test('in the size of its memory', async () => {
    await expectIsolated(plugin([{ do: 'grow', pages: 1 }], { echo: 'pages' }), '2')
  })

  test('in the entries of a table', async () => {
    const swap = `(if (ref.is_null (table.get $t (i32.const 0))) (then (global.set $grown (i32.const 1))))
      (table.set $t (i32.const 0) (ref.func $f))`
    const fields = '(table $t 1 1 funcref) (func $f) (elem declare func $f)'
    const code = `(global.set $grown (i32.const 0)) ${swap}`
    await expectIsolated(plugin([{ do: 'wat', code }], { echo: 'grown' }, { fields }), '1')
    const { site, runtime } = await openSite(plugin([{ do: 'wat', code }], { echo: 'grown' }, { fields }))
    for (let n = 0; n < 10; n++) expect(await bodyOf(site.l7Request(REQUEST))).toBe('1')
    expect(runtime.snapshot()[0]?.totalAllocations).toBeLessThanOrEqual(3)
  })

  test('in the size of a table', async () => {
    const code = '(drop (table.grow $u (ref.null func) (i32.const 1))) (global.set $grown (table.size $u))'
    await expectIsolated(plugin([{ do: 'wat', code }], { echo: 'grown' }, { fields: '(table $u 0 8 funcref)' }), '1')
  })

  test('in whether a data segment was dropped', async () => {
    // A dropped segment is empty: copying a byte of it is a trap.
    const spec = plugin(
      [{ do: 'wat', code: '(memory.init $d (i32.const 8) (i32.const 0) (i32.const 1)) (data.drop $d)' }],
      { echo: 'counter' },
      { fields: '(data $d "x")' },
    )
    await expectIsolated(spec, '0')
  })

  test('in whether an element segment was dropped', async () => {
    const spec = plugin(
      [{ do: 'wat', code: '(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $e)' }],
      { echo: 'counter' },
      { fields: '(table $t 1 1 funcref) (func $f) (elem $e func $f)' },
    )
    await expectIsolated(spec, '0')
  })

  test('in a global that JavaScript cannot read', async () => {
    const code =
      '(global.set $counter (i64.extend_i32_u (i32x4.extract_lane 0 (global.get $v)))) (global.set $v (i32x4.splat (i32.const 7)))'
    const spec = plugin(
      [{ do: 'wat', code }],
      { echo: 'counter' },
      { fields: '(global $v (mut v128) (v128.const i32x4 0 0 0 0))' },
    )
    await expectIsolated(spec, '0')
  })

  test('in the number of a resource handle', async () => {
    const wasi: WasiCase = {
      name: 'wasi:sockets/instance-network@0.2.0',
      wit: 'interface instance-network { resource network; instance-network: func() -> network; }',
      fields: '(import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $out (result i32)))',
      code: '(global.set $grown (call $out))',
    }
    const answersOfFour = async (stateless: boolean): Promise<Set<string>> => {
      const { runtime, module } = await loadPlugin(await wasiPlugin({ ...wasi, stateless }), {
        limits: { plugin: { pool: 1 } },
      })
      const site = await runtime.prepareCallSite(module, 'x', '{}')
      const answers = new Set<string>()
      for (let n = 0; n < 4; n++) answers.add(await bodyOf(site.l7Request(REQUEST)))
      expect(runtime.snapshot()[0]?.totalAllocations).toBeLessThanOrEqual(3)
      return answers
    }
    expect((await answersOfFour(true)).size).toBe(1)
    expect((await answersOfFour(false)).size).toBe(4)
  })

  test('after an error that it returned', async () => {
    const { site } = await openSite({
      metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
      handlers: { 'l7-request': [{ do: 'count' }, { answer: 'error', code: { echo: 'counter' }, message: '' }] },
    })
    for (let n = 0; n < 5; n++) expect(() => site.l7Request(REQUEST)).toThrow('plugin 1: ')
  })

  test('while others wait for their fetches', async () => {
    const answers: (() => void)[] = []
    const httpFetch: HttpFetchBackend = {
      fetch: (request) =>
        new Promise((resolve) => answers.push(() => resolve({ status: 200, headers: [], body: request.body }))),
    }
    const spec = plugin(
      [
        { do: 'count' },
        { do: 'remember', value: { echo: 'uri' } },
        { do: 'http-fetch', url: 'http://a.test/', body: { echo: 'uri' } },
      ],
      [{ echo: 'counter' }, ' ', { echo: 'remembered' }, ' ', { echo: 'fetch' }],
    )
    const policies = PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["a.test"]}}')
    const { site } = await openSite(spec, { httpFetch, policies, limits: { plugin: { maxInFlightFetches: 20 } } })
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 8 }, (_, n) => site.l7Request({ ...REQUEST, uri: `/${round}${n}` }))
      await until(() => answers.length === 8, 'eight fetches')
      // Out of order.
      for (const answer of answers.splice(0).toReversed()) answer()
      const bodies = await Promise.all(calls.map(bodyOf))
      expect(bodies).toEqual(Array.from({ length: 8 }, (_, n) => `1 /${round}${n} ok 200 /${round}${n}`))
    }
  })
})

describe('state that this host cannot put back is none that a plugin can have', () => {
  test('objects that are collected', async () => {
    const fields = '(type $box (struct (field (mut i64)))) (global $g (ref $box) (struct.new $box (i64.const 0)))'
    await expect(loadPlugin(plugin([], '', { fields }))).rejects.toThrow('garbage collection')
  })

  test('a second memory', async () => {
    await expect(loadPlugin(plugin([], '', { fields: '(memory $m 1)' }))).rejects.toThrow('more than one memory')
  })

  test('waitable sets', async () => {
    const component = await wasiPlugin({
      fields: '(import "$root" "[waitable-set-new]" (func $new (result i32)))',
      code: '(global.set $grown (call $new))',
    })
    await expect(loadPlugin(component)).rejects.toThrow('build the plugin without the asynchronous ABI')
  })
})

describe('reuse', () => {
  test('an instance that can be put back serves call after call', async () => {
    const { site, runtime } = await openSite(plugin([{ do: 'count' }], { echo: 'counter' }))
    for (let n = 0; n < 50; n++) expect(await bodyOf(site.l7Request(REQUEST))).toBe('1')
    expect(runtime.snapshot()[0]?.totalAllocations).toBeLessThanOrEqual(3)
  })

  test('large memories are put back, too', async () => {
    const { site, runtime } = await openSite(
      plugin([{ do: 'count', in: 'memory' }], { echo: 'memory-counter' }, { memory: { pages: 16 } }),
    )
    for (let n = 0; n < 20; n++) {
      expect(await bodyOf(site.l7Request(REQUEST))).toBe('1')
      if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(runtime.snapshot()[0]?.totalAllocations).toBeLessThanOrEqual(3)
  })
})

test('different arguments mean different pools; the same share one', async () => {
  const { runtime, module } = await loadPlugin(await watPlugin(plugin([], { echo: 'args' })))
  const sites = await Promise.all(
    ['{"a":1}', '{"a":2}', '{"a":1}'].map((args) => runtime.prepareCallSite(module, 'x', args)),
  )
  expect(await Promise.all(sites.map((site) => bodyOf(site.l7Request(REQUEST))))).toEqual([
    '{"a":1}',
    '{"a":2}',
    '{"a":1}',
  ])
  expect(runtime.snapshot()).toHaveLength(2)
  sites[0]?.release()
  expect(runtime.snapshot()).toHaveLength(2)
  sites[2]?.release()
  expect(runtime.snapshot()).toHaveLength(1)
})
