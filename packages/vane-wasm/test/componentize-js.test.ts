import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'

import { NetError, PluginPolicyTable, type HttpFetchBackend } from 'vane-core'
import { componentizeJsPlugin } from 'vane-fixtures'
import { beforeAll, expect, test, vi } from 'vitest'

import { bodyOf, openRuntime, recordingLogger, REQUEST, writeComponent } from './_setup.ts'

/** What the documentation says that such a plugin needs, and time for a first call, which compiles its way through the engine. */
const LIMITS = { plugin: { memoryMb: 32, cpuMsPerCall: 1000, pool: 1 } }
const POLICIES = PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["api.test"]}}')
const ENGINE_FEATURES = ['random', 'stdio', 'clocks', 'http', 'fetch-event'] as const

// Each test loads 12 MB, and one builds them.
vi.setConfig({ testTimeout: 60_000 })

let component: Uint8Array
beforeAll(async () => {
  const source = await readFile(new URL('./plugins/componentize-js.ts', import.meta.url), 'utf8')
  component = await componentizeJsPlugin(stripTypeScriptTypes(source), 'plugin', ENGINE_FEATURES)
}, 120_000)

async function load(options: Parameters<typeof openRuntime>[0] = {}) {
  const module = await writeComponent(component)
  const runtime = openRuntime({ limits: LIMITS, ...options })
  const metadata = await runtime.loadComponent(module)
  return { module, runtime, metadata }
}

test('memory as it is by default is refused, with what to write', async () => {
  await expect(load({ limits: {} })).rejects.toThrow(/memory_mb.*\b10\b/)
})

test('metadata', async () => {
  const { metadata } = await load()
  expect(metadata).toMatchObject({ name: 'starling', version: '1.0.0', abiVersion: '0.1.0' })
  expect(metadata.exports.map(({ name, kind, stateless }) => [name, kind, stateless])).toEqual([
    ['peek', 'l4-peek', true],
    ['bytes', 'l4-bytes', true],
    ['request', 'l7-request', true],
    ['counter', 'l7-request', false],
    ['fetch', 'l7-request', true],
    ['response', 'l7-response', true],
  ])
})

test('connections', async () => {
  const { runtime, module } = await load()
  const peek = await runtime.prepareCallSite(module, 'peek', '{}')
  expect(await peek.l4Peek({ peek: Uint8Array.of(0x16, 3), context: [] })).toEqual({ tag: 'continue' })
  expect(await peek.l4Peek({ peek: Uint8Array.of(0x17), context: [] })).toEqual({ tag: 'close' })

  const bytes = await runtime.prepareCallSite(module, 'bytes', '{}')
  const context = [{ path: 'conn.peer_port', value: { tag: 'uint64', val: 2n ** 63n } } as const]
  const bytesOf = (text: string, truncated: boolean) => ({ bytes: { data: Buffer.from(text), truncated }, context })
  expect(await bytes.l4Bytes(bytesOf('tunnel', false))).toEqual({ tag: 'tunnel' })
  expect(await bytes.l4Bytes(bytesOf('other', false))).toEqual({ tag: 'continue' })
  await expect(Promise.resolve(bytes.l4Bytes(bytesOf('', true)))).rejects.toMatchObject({
    code: 'cut',
    pluginMessage: 'uint64 9223372036854775808',
    onErrorHint: 'force-close',
  })
})

test('a request, with every host function; nothing of it is there for the next call', async () => {
  const { logger, lines } = recordingLogger()
  const reports: unknown[] = []
  const metrics = {
    counter: (...report: unknown[]) => void reports.push(report),
    gauge: (...report: unknown[]) => void reports.push(report),
  }
  const { runtime, module } = await load({ logger, metrics })
  const site = await runtime.prepareCallSite(module, 'request', '{"a":["ü"]}')
  const input = {
    method: 'PUT',
    uri: '/x',
    headers: [
      { name: 'a', value: '1' },
      { name: 'a', value: '\u{1F600}' },
    ],
    body: { data: Buffer.from('b'.repeat(70_000)), truncated: true },
    context: [{ path: 'conn.peer_ip', value: { tag: 'text', val: '192.0.2.1' } as const }],
  }
  for (let n = 0; n < 5; n++) {
    const decision = await site.l7Request(input)
    expect(decision).toMatchObject({ tag: 'short', val: { status: 203, headers: [{ name: 'x-by', value: 'js' }] } })
    expect(JSON.parse(await bodyOf(decision))).toEqual({
      found: '1,0,0,,',
      args: { a: ['ü'] },
      method: 'PUT',
      headers: ['a=1', 'a=\u{1F600}'],
      body: `${'b'.repeat(70_000)} true`,
      peer: ['conn.peer_ip=text:192.0.2.1'],
      random: 16,
      now: 'bigint',
    })
  }
  expect(lines[0]).toMatchObject({
    level: 'info',
    message: 'called',
    fields: { plugin: 'plugin', version: '1.0.0', export: 'request', fields: { method: 'PUT' } },
  })
  expect(reports.slice(0, 2)).toEqual([
    ['plugin', 'calls', 2n, [{ key: 'uri', value: '/x' }]],
    ['plugin', 'depth', 3n, []],
  ])
})

test('an instance is put back and used again, not made for each call', async () => {
  const { runtime, module } = await load()
  const site = await runtime.prepareCallSite(module, 'request', '{}')
  for (let n = 0; n < 20; n++) expect(await site.l7Request({ ...REQUEST, uri: '/pass' })).toEqual({ tag: 'continue' })
  expect(runtime.snapshot()[0]).toMatchObject({ failures: 0 })
  expect(runtime.snapshot()[0]?.totalAllocations).toBeLessThanOrEqual(4)
})

test('a stateful export keeps its state', async () => {
  const { runtime, module } = await load()
  const site = await runtime.prepareCallSite(module, 'counter', '{}')
  for (const count of ['1', '2', '3']) expect(await bodyOf(site.l7Request(REQUEST))).toBe(count)
})

test.each(['/loop', '/recurse', '/throw', '/nonsense', '/grow'])(
  '%s ends, and the next call finds nothing of it',
  async (uri) => {
    const { runtime, module } = await load({ limits: { plugin: { ...LIMITS.plugin, cpuMsPerCall: 200 } } })
    const site = await runtime.prepareCallSite(module, 'request', '{}')
    await expect(Promise.resolve(site.l7Request({ ...REQUEST, uri }))).rejects.toThrow(/^plugin /)
    await expect
      .poll(async () => site.l7Request({ ...REQUEST, uri: '/pass' }), { timeout: 20_000 })
      .toEqual({ tag: 'continue' })
    expect(JSON.parse(await bodyOf(site.l7Request(REQUEST))).found).toBe('1,0,0,,')
  },
)

test('a response', async () => {
  const { runtime, module } = await load()
  const site = await runtime.prepareCallSite(module, 'response', '{}')
  const input = {
    status: 200,
    headers: [{ name: 'b', value: '2' }],
    body: { data: Buffer.from('abc'), truncated: false },
    context: [],
  }
  expect(await site.l7Response(input)).toEqual({
    tag: 'modify',
    val: {
      status: 299,
      headers: [
        { name: 'b', value: '2' },
        { name: 'x-added', value: 'ü' },
      ],
      body: new Uint8Array(Buffer.from('cba')),
    },
  })
  expect(await site.l7Response({ ...input, status: 204 })).toEqual({ tag: 'continue' })
  expect(await site.l7Response({ ...input, status: 503 })).toEqual({ tag: 'abort' })
})

test('fetching, twenty at a time on one loop', async () => {
  const httpFetch: HttpFetchBackend = {
    fetch: async ({ method, headers, body }) => {
      await new Promise((resolve) => setImmediate(resolve))
      const [name, value] = headers[0] ?? []
      return {
        status: 201,
        headers: [],
        body: Buffer.from(`${method} ${name}=${value} ${Buffer.from(body).toString()}`),
      }
    },
  }
  const { runtime, module } = await load({ httpFetch, policies: POLICIES })
  const site = await runtime.prepareCallSite(module, 'fetch', '{}')
  expect(await bodyOf(site.l7Request(REQUEST))).toBe('POST a=b ping')
  const answers = await Promise.all(Array.from({ length: 20 }, () => bodyOf(site.l7Request(REQUEST))))
  expect(new Set(answers)).toEqual(new Set(['POST a=b ping', 'pool-exhausted']))
})

test('fetching that fails, and what is not allowed', async () => {
  const httpFetch = { fetch: () => Promise.reject(new NetError({ tag: 'tls-error', val: 'EXPIRED' })) }
  const allowed = await load({ httpFetch, policies: POLICIES })
  const site = await allowed.runtime.prepareCallSite(allowed.module, 'fetch', '{}')
  for (let n = 0; n < 3; n++) expect(await bodyOf(site.l7Request(REQUEST))).toBe('tls-error')
  const denied = await load({ httpFetch })
  const other = await denied.runtime.prepareCallSite(denied.module, 'fetch', '{}')
  expect(await bodyOf(other.l7Request(REQUEST))).toBe('not-allowed')
})

test("with all that its engine has, on stand-ins; what it prints goes to the plugin's log", async () => {
  const source = `
    export const registry = { getMetadata: () => ({ name: 'all', version: '1.0.0', abiVersion: '0.1.0', exports: [
      { name: 'x', kind: 'l7-request', stateless: true, needsBody: false, inspects: [], needsStreamingBody: false } ] }) }
    export const handlerL7Request = { handle() {
      console.log('printed')
      const facts = [typeof Date.now(), typeof performance.now(), typeof Math.random(), typeof crypto.randomUUID(), typeof fetch]
      return { tag: 'short', val: { status: 200, headers: [], body: new TextEncoder().encode(facts.join()) } }
    } }`
  const module = await writeComponent(await componentizeJsPlugin(source, 'l7-request-plugin'))
  const { logger, lines } = recordingLogger()
  const runtime = openRuntime({ logger, limits: LIMITS })
  await runtime.loadComponent(module)
  const site = await runtime.prepareCallSite(module, 'x', '{}')
  for (let n = 0; n < 3; n++) expect(await bodyOf(site.l7Request(REQUEST))).toBe('number,number,number,string,function')
  expect(lines.map(({ message }) => message)).toContain('printed')
})
