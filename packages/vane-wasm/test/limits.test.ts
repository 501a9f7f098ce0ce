import { PluginPolicyTable, type HttpFetchBackend } from 'vane-core'
import { rawWatPlugin, watModule, watPlugin, type Handler, type WatPluginSpec } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import type { WasmRuntimeOptions } from '../src/index.ts'
import { bodyOf, loadPlugin, openRuntime, openSite, REQUEST, writeComponent } from './_setup.ts'

const SHORT_LIMIT: WasmRuntimeOptions = { limits: { plugin: { cpuMsPerCall: 5 } } }
const EXCEEDED = 'plugin trap: cpu limit of 5 ms exceeded'

/** A plugin that does something at `/bad` and answers `fine` everywhere else. */
function plugin(bad: Handler, rest: Partial<WatPluginSpec> = {}): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
    handlers: {
      'l7-request': { match: { echo: 'uri' }, cases: { '/bad': bad }, otherwise: { answer: 'short', body: 'fine' } },
    },
    ...rest,
  }
}

const BAD = { ...REQUEST, uri: '/bad' }

function endless(code: string): Handler {
  return [{ do: 'wat', code: `(loop $again ${code} (br $again))` }, { answer: 'continue' }]
}

describe('a call that takes too long is a trap, and the plugin is there for the next one', () => {
  test.each<[string, Handler, Partial<WatPluginSpec>?]>([
    ['a loop', { answer: 'loop' }],
    ['copying memory', endless('(memory.fill (i32.const 40000) (i32.const 1) (i32.const 20000))')],
    ['asking for memory', endless('(drop (memory.grow (i32.const 1)))')],
    [
      'calls through a table',
      endless('(call_indirect (i32.const 0))'),
      { fields: '(table 1 1 funcref) (elem (i32.const 0) $leaf) (func $leaf)' },
    ],
    [
      'logging',
      [{ do: 'repeat', times: 2_000_000_000, steps: [{ do: 'log', message: 'again' }] }, { answer: 'continue' }],
    ],
    [
      'asking for random bytes',
      [
        {
          do: 'repeat',
          times: 2_000_000_000,
          steps: [
            { do: 'random', length: 20_000 },
            { do: 'wat', code: '(global.set $heap (i32.const 20000))' },
          ],
        },
        { answer: 'continue' },
      ],
    ],
    [
      'reporting metrics',
      [{ do: 'repeat', times: 2_000_000_000, steps: [{ do: 'metric-counter', name: 'a' }] }, { answer: 'continue' }],
    ],
  ])('%s', async (_, handler, rest) => {
    const { site } = await openSite(plugin(handler, rest), SHORT_LIMIT)
    for (let n = 0; n < 3; n++) {
      expect(() => site.l7Request(BAD)).toThrow(EXCEEDED)
      expect(await bodyOf(site.l7Request(REQUEST))).toBe('fine')
    }
  })

  test('where it waits in between, too', async () => {
    const httpFetch: HttpFetchBackend = {
      fetch: () => Promise.resolve({ status: 200, headers: [], body: Buffer.from('') }),
    }
    const policies = PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["*"]}}')
    const handler: Handler = [{ do: 'http-fetch', url: 'http://a.test/' }, { answer: 'loop' }]
    const { site } = await openSite(plugin(handler), { ...SHORT_LIMIT, httpFetch, policies })
    for (let n = 0; n < 3; n++) {
      await expect(site.l7Request(BAD)).rejects.toThrow(EXCEEDED)
      expect(await bodyOf(site.l7Request(REQUEST))).toBe('fine')
    }
  })

  test.each([
    ['that are refused', 'ftp://a.test/'],
    ['that are answered at once', 'http://a.test/'],
  ])('an endless number of fetches %s', async (_, url) => {
    const httpFetch: HttpFetchBackend = {
      fetch: () => Promise.resolve({ status: 200, headers: [], body: Buffer.from('') }),
    }
    const policies = PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["*"]}}')
    const steps = [
      { do: 'http-fetch', url },
      { do: 'wat', code: '(global.set $heap (i32.const 20000))' },
    ] as const
    const handler: Handler = [{ do: 'repeat', times: 2_000_000_000, steps }, { answer: 'continue' }]
    const { site } = await openSite(plugin(handler), { ...SHORT_LIMIT, httpFetch, policies })
    const before = process.threadCpuUsage()
    await expect(site.l7Request(BAD)).rejects.toThrow(EXCEEDED)
    const { user, system } = process.threadCpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(200)
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('fine')
  })

  test("between fetches everybody's turn comes, even if they are answered at once", async () => {
    let fetches = 0
    const httpFetch: HttpFetchBackend = {
      fetch: () => {
        fetches++
        return Promise.resolve({ status: 200, headers: [], body: Buffer.from('') })
      },
    }
    const policies = PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["*"]}}')
    const steps = [{ do: 'http-fetch', url: 'http://a.test/' }] as const
    const handler: Handler = [
      { do: 'repeat', times: 20, steps },
      { answer: 'short', body: 'done' },
    ]
    const { site } = await openSite(plugin(handler), { httpFetch, policies })
    const answer = site.l7Request(BAD)
    for (let n = 1; n < 20; n++) {
      await new Promise((resolve) => setImmediate(resolve))
      expect(fetches).toBeLessThanOrEqual(n + 1)
    }
    expect(await bodyOf(answer)).toBe('done')
  })

  test('time that passes while it waits does not count', async () => {
    const httpFetch: HttpFetchBackend = {
      fetch: () =>
        new Promise((resolve) =>
          setTimeout(() => resolve({ status: 200, headers: [], body: Buffer.from('late') }), 100),
        ),
    }
    const policies = PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["*"]}}')
    const fetch = { do: 'http-fetch', url: 'http://a.test/' } as const
    const handler: Handler = [
      fetch,
      { do: 'spin', rounds: 100_000 },
      fetch,
      { do: 'spin', rounds: 100_000 },
      { answer: 'short', body: { echo: 'fetch' } },
    ]
    const { site } = await openSite(plugin(handler), { limits: { plugin: { cpuMsPerCall: 40 } }, httpFetch, policies })
    expect(await bodyOf(site.l7Request(BAD))).toBe('ok 200 late')
  })

  test("the limit is the plugin's own", async () => {
    const handler: Handler = [
      { do: 'spin', rounds: 50_000_000 },
      { answer: 'short', body: 'done' },
    ]
    const { site } = await openSite(plugin(handler), SHORT_LIMIT)
    expect(() => site.l7Request(BAD)).toThrow(EXCEEDED)
    const { site: patient } = await openSite(plugin(handler), { limits: { plugin: { cpuMsPerCall: 60_000 } } })
    expect(await bodyOf(patient.l7Request(BAD))).toBe('done')
  })
})

describe('code that the host runs for its own ends is stopped as well', () => {
  const spec = plugin({ answer: 'continue' })

  async function openRaw(change: (wat: string) => string) {
    const { wat, wit, world } = watModule(spec)
    const { runtime, module } = await loadPlugin(
      await rawWatPlugin({ wat: change(wat), wit: { source: wit, world } }),
      SHORT_LIMIT,
    )
    return await runtime.prepareCallSite(module, 'x', '{}')
  }

  test('cabi_realloc', async () => {
    const site = await openRaw((wat) =>
      wat.replace(
        '(func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)\n    (local $at i32)',
        (text) => `${text} (loop $l (br $l))`,
      ),
    )
    for (let n = 0; n < 3; n++) expect(() => site.l7Request(REQUEST)).toThrow(EXCEEDED)
  })

  test('the function that cleans up', async () => {
    const site = await openRaw((wat) =>
      wat
        .replaceAll(/\(func \(export "cabi_post_([^"]*)"\) \(param i32\)/g, (text) => `${text} (loop $l (br $l))`)
        .replace('(func $reset (param i32) ', '(func $reset (param i32) (loop $l (br $l))'),
    )
    for (let n = 0; n < 3; n++) expect(() => site.l7Request(REQUEST)).toThrow(EXCEEDED)
  })

  test.each<[string, Partial<WatPluginSpec>]>([
    ['a start function', { start: 'loop' }],
    ['get-metadata', { getMetadata: 'loop' }],
  ])('%s, while the plugin is loaded', async (_, rest) => {
    await expect(loadPlugin(plugin({ answer: 'continue' }, rest))).rejects.toThrow(
      'plugin trap: cpu limit of 1000 ms exceeded',
    )
  })
})

describe('the stack', () => {
  test.each<[string, Handler]>([
    ['recursion', { answer: 'recurse' }],
    ['recursion through the host', { answer: 'wat', code: '(call $deep)' }],
  ])('%s without end is a trap', async (_, handler) => {
    const fields =
      '(func $deep (result i32) (call $host_get-args (i32.const 2048)) (global.set $heap (i32.const 20000)) (i32.add (i32.const 1) (call $deep)))'
    const spec = plugin([{ do: 'wat', code: '' }, handler] as Handler, handler === undefined ? {} : { fields })
    const withArgs: WatPluginSpec = {
      ...spec,
      handlers: {
        'l7-request': {
          match: { echo: 'args' },
          cases: { never: { answer: 'trap' } },
          otherwise: spec.handlers['l7-request']!,
        },
      },
    }
    const { site } = await openSite(withArgs, { limits: { plugin: { cpuMsPerCall: 10_000 } } })
    for (let n = 0; n < 3; n++) {
      expect(() => site.l7Request(BAD)).toThrow('plugin trap: stack exhausted')
      expect(await bodyOf(site.l7Request(REQUEST))).toBe('fine')
    }
  })
})

describe('memory', () => {
  test('a plugin that begins with more than it may have is refused with what to write', async () => {
    const large = await writeComponent(await watPlugin(plugin({ answer: 'continue' }, { memory: { pages: 17 } })))
    await expect(openRuntime().loadComponent(large)).rejects.toThrow(
      'an initial memory of 1114112 bytes, more than the limit of 1048576: the plugin needs memory_mb of at least 2 in wasm/limits.json',
    )
    expect(await openRuntime({ limits: { plugin: { memoryMb: 2 } } }).loadComponent(large)).toMatchObject({
      name: 'fixture',
    })
  })

  test.each([
    [1, 15, '1'],
    [1, 16, '-1'],
    [2, 31, '1'],
    [2, 32, '-1'],
  ])('with %i MiB, growing one page by %i answers %s', async (memoryMb, pages, answer) => {
    const { site } = await openSite(
      plugin([
        { do: 'grow', pages },
        { answer: 'short', body: { echo: 'grown' } },
      ]),
      { limits: { plugin: { memoryMb } } },
    )
    expect(await bodyOf(site.l7Request(BAD))).toBe(answer)
  })

  test('a maximum of its own is kept', async () => {
    const { site } = await openSite(
      plugin(
        [
          { do: 'grow', pages: 2 },
          { answer: 'short', body: { echo: 'grown' } },
        ],
        { memory: { pages: 1, maximumPages: 2 } },
      ),
    )
    expect(await bodyOf(site.l7Request(BAD))).toBe('-1')
  })

  test('tables cannot grow without end either', async () => {
    const code = '(global.set $grown (table.grow $t (ref.null func) (i32.const 200000)))'
    const { site } = await openSite(
      plugin(
        [
          { do: 'wat', code },
          { answer: 'short', body: { echo: 'grown' } },
        ],
        { fields: '(table $t 1 funcref)' },
      ),
    )
    expect(await bodyOf(site.l7Request(BAD))).toBe('-1')
    await expect(loadPlugin(plugin({ answer: 'continue' }, { fields: '(table 200000 funcref)' }))).rejects.toThrow(
      'tables of 200000 elements',
    )
  })
})

describe('values that a handler answers', () => {
  /** A decision `short` with so many headers, each of which is all of memory. */
  function bomb(count: number): Handler {
    return {
      answer: 'wat',
      code: `
        (local.set $list (call $alloc (i32.const ${count * 16}) (i32.const 4)))
        (local.set $n (i32.const 0))
        (loop $next
          (local.set $p (i32.add (local.get $list) (i32.shl (local.get $n) (i32.const 4))))
          (i32.store offset=4 (local.get $p) (i32.const 65536))
          (i32.store offset=12 (local.get $p) (i32.const 65536))
          (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const ${count}))))
        (local.set $ret (call $alloc (i32.const 36) (i32.const 4)))
        (i32.store offset=4 (local.get $ret) (i32.const 1))
        (i32.store16 offset=8 (local.get $ret) (i32.const 200))
        (i32.store offset=12 (local.get $ret) (local.get $list))
        (i32.store offset=16 (local.get $ret) (i32.const ${count}))
        (local.get $ret)`,
    }
  }

  test.each<[string, Handler, string]>([
    ['a list of everything, again and again', bomb(1000), 'values that exceed the size of the memory'],
    ['an address that is not aligned', { answer: 'wat', code: '(i32.const 1025)' }, 'not aligned to 4'],
    ['an address outside', { answer: 'wat', code: '(i32.const 0x7ffffff0)' }, 'out of bounds'],
    ['an address that is negative', { answer: 'wat', code: '(i32.const -4)' }, 'out of bounds'],
    [
      'a result that is neither',
      { answer: 'wat', code: '(i32.store8 (i32.const 1024) (i32.const 2)) (i32.const 1024)' },
      'discriminant 2 of a variant of 2 cases',
    ],
    [
      'a decision that is none',
      { answer: 'wat', code: '(i64.store (i32.const 1024) (i64.const 0x300000000)) (i32.const 1024)' },
      'discriminant 3 of a variant of 3 cases',
    ],
    [
      'an error whose code is not UTF-8',
      { answer: 'error', code: Uint8Array.of(0xc3, 0x28), message: '' },
      'a string that is not UTF-8',
    ],
    [
      'a header whose value is not UTF-8',
      { answer: 'short', headers: [['a', Uint8Array.of(0xff)]] },
      'a string that is not UTF-8',
    ],
  ])('%s', async (_, handler, reason) => {
    const { site } = await openSite(plugin(handler))
    for (let n = 0; n < 3; n++) {
      expect(() => site.l7Request(BAD)).toThrow(reason)
      expect(() => site.l7Request(BAD)).toThrow(/^plugin trap: /)
      expect(await bodyOf(site.l7Request(REQUEST))).toBe('fine')
    }
  })
})

describe('arguments that the host is called with', () => {
  test.each<[string, string, string]>([
    [
      'a message outside',
      '(call $host_log (i32.const 2) (i32.const 0x10000) (i32.const 1) (i32.const 0) (i32.const 0))',
      'out of bounds',
    ],
    [
      'a message of four gigabytes',
      '(call $host_log (i32.const 2) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0))',
      'out of bounds',
    ],
    [
      'a level that is none',
      '(call $host_log (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))',
      'discriminant 5 of an enum of 5 cases',
    ],
    [
      'a level that is negative',
      '(call $host_log (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))',
      'discriminant 4294967295 of an enum',
    ],
    [
      'a million fields',
      '(call $host_log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000000))',
      'lists of more than 65536 entries',
    ],
    [
      'fields that are not aligned',
      '(call $host_log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 1))',
      'not aligned to 4',
    ],
  ])('%s', async (_, code, reason) => {
    // The step before it is what imports the function.
    const handler: Handler = [{ do: 'wat', code }, { do: 'log', message: '' }, { answer: 'continue' }]
    const { site } = await openSite(plugin(handler))
    expect(() => site.l7Request(BAD)).toThrow(reason)
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('fine')
  })

  test('what the host refuses cannot be caught', async () => {
    const code =
      '(block $caught (try_table (catch_all $caught) (call $host_log (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))'
    const { site } = await openSite(plugin([{ do: 'wat', code }, { do: 'log', message: '' }, { answer: 'continue' }]))
    expect(() => site.l7Request(BAD)).toThrow('discriminant 9 of an enum')
  })
})
