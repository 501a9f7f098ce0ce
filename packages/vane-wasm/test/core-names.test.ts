import { PluginPolicyTable } from 'vane-core'
import { rawWatPlugin, watModule, type Handler, type WatPluginSpec } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { bodyOf, openRuntime, recordingLogger, REQUEST, writeComponent } from './_setup.ts'

/** Traps unless the module's initialiser has run. */
const READY = { do: 'wat', code: '(if (i32.eqz (global.get $ready)) (then unreachable))' } as const

const REQUEST_HANDLER: Handler = [
  READY,
  { do: 'count' },
  { do: 'log', message: [{ echo: 'now' }], fields: [['k', { echo: 'method' }]] },
  { do: 'metric-counter', name: 'calls', delta: 2n, labels: [['uri', { echo: 'uri' }]] },
  { do: 'metric-gauge', name: 'depth', value: -3n },
  { do: 'http-fetch', url: 'https://api.test/', headers: [['a', 'b']], body: 'ping' },
  {
    answer: 'short',
    body: [{ echo: 'counter' }, ' ', { echo: 'args' }, ' ', { echo: 'random', length: 3 }, ' ', { echo: 'fetch' }],
  },
]

// Every kind and every function of the host.
const SPEC: WatPluginSpec = {
  metadata: {
    name: 'names',
    exports: [
      { name: 'peek', kind: 'l4-peek' },
      { name: 'bytes', kind: 'l4-bytes' },
      { name: 'request', kind: 'l7-request', needsBody: true },
      { name: 'posts', kind: 'l7-request', stateless: false },
      { name: 'response', kind: 'l7-response', needsBody: true },
    ],
  },
  handlers: {
    'l4-peek': [READY, { answer: 'close' }],
    'l4-bytes': [READY, { answer: 'tunnel' }],
    'l7-request': {
      match: { echo: 'name' },
      cases: { request: REQUEST_HANDLER, posts: { answer: 'short', body: { echo: 'grown' } } },
    },
    'l7-response': [
      READY,
      { answer: 'modify', status: 299, headers: [['a', { echo: 'status' }]], body: { echo: 'body' } },
    ],
  },
  fields: `
    (global $ready (mut i32) (i32.const 0))
    (func (export "_initialize") (global.set $ready (i32.const 1)))`,
  postReturn: { wat: '(global.set $grown (i32.add (global.get $grown) (i32.const 1)))' },
}

/** The names that wasm-tools took first, and that toolchains still give; and those that the canonical ABI has got since. */
const NAMES: Readonly<Record<string, (wat: string) => string>> = {
  legacy: (wat) => wat,
  cm32p2: (wat) =>
    wat
      .replaceAll(/"cabi_post_(vane:[^"@]+)@0\.1\.0#([^"]+)"/g, '"cm32p2|$1@0.1|$2_post"')
      .replaceAll(/\(export "(vane:[^"@]+)@0\.1\.0#([^"]+)"\)/g, '(export "cm32p2|$1@0.1|$2")')
      .replaceAll(/\(import "(vane:[^"@]+)@0\.1\.0"/g, '(import "cm32p2|$1@0.1"')
      .replace('(export "memory")', '(export "cm32p2_memory")')
      .replace('(export "cabi_realloc")', '(export "cm32p2_realloc")')
      .replace('(export "_initialize")', '(export "cm32p2_initialize")'),
}

describe.each(Object.entries(NAMES))('core names: %s', (names, rename) => {
  async function load(options: Parameters<typeof openRuntime>[0] = {}) {
    const { wat, wit, world } = watModule(SPEC)
    const renamed = rename(wat)
    expect(renamed).toContain(
      names === 'cm32p2' ? '"cm32p2|vane:plugin/handler-l7-request@0.1|handle_post"' : '"cabi_post_',
    )
    const module = await writeComponent(await rawWatPlugin({ wat: renamed, wit: { source: wit, world } }))
    const runtime = openRuntime(options)
    expect(await runtime.loadComponent(module)).toMatchObject({ name: 'names' })
    return { runtime, module }
  }

  test('connections and responses', async () => {
    const { runtime, module } = await load()
    const peek = await runtime.prepareCallSite(module, 'peek', '{}')
    const bytes = await runtime.prepareCallSite(module, 'bytes', '{}')
    const response = await runtime.prepareCallSite(module, 'response', '{}')
    const body = { data: Buffer.from('abc'), truncated: false }
    for (let n = 0; n < 3; n++) {
      expect(await peek.l4Peek({ peek: Uint8Array.of(1), context: [] })).toEqual({ tag: 'close' })
      expect(await bytes.l4Bytes({ bytes: body, context: [] })).toEqual({ tag: 'tunnel' })
      expect(await response.l7Response({ status: 200, headers: [], body, context: [] })).toEqual({
        tag: 'modify',
        val: { status: 299, headers: [{ name: 'a', value: '200' }], body: new Uint8Array(body.data) },
      })
    }
  })

  test('requests, with every function of the host', async () => {
    const { logger, lines } = recordingLogger()
    const reports: unknown[] = []
    const report = (...all: unknown[]) => void reports.push(all.slice(1))
    const { runtime, module } = await load({
      logger,
      metrics: { counter: report, gauge: report },
      policies: PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["api.test"]}}'),
      httpFetch: {
        fetch: ({ headers, body }) =>
          Promise.resolve({
            status: 201,
            headers: [],
            body: Buffer.from(`${headers.join(' ')} ${Buffer.from(body).toString()}`),
          }),
      },
    })
    const site = await runtime.prepareCallSite(module, 'request', '{"a":"ü"}')
    const body = { data: Buffer.alloc(20_000, 1), truncated: false }
    for (let n = 0; n < 5; n++) {
      const answer = await bodyOf(site.l7Request({ ...REQUEST, method: 'PUT', uri: '/x', body }))
      expect(answer).toMatch(/^1 \{"a":"ü"\} [0-9a-f]{6} ok 201 a,b ping$/)
    }
    expect(lines[0]).toMatchObject({ level: 'info', message: expect.stringMatching(/^\d{13}$/) })
    expect(lines[0]?.fields['fields']).toEqual({ k: 'PUT' })
    expect(reports.slice(0, 2)).toEqual([
      ['calls', 2n, [{ key: 'uri', value: '/x' }]],
      ['depth', -3n, []],
    ])
  })

  test('every answer is given back once', async () => {
    const { runtime, module } = await load({ limits: { plugin: { pool: 1 } } })
    const site = await runtime.prepareCallSite(module, 'posts', '{}')
    for (const posts of ['0', '1', '2']) expect(await bodyOf(site.l7Request(REQUEST))).toBe(posts)
  })
})
