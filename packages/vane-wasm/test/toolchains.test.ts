import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { NetError, PluginPolicyTable, type HttpFetchBackend, type ModuleId } from 'vane-core'
import { componentize } from 'componentize-qjs'
import { nativePlugin } from 'vane-fixtures'
import { buildAssemblyScript, buildPlugin, witSource } from 'vane-plugin-sdk/build'
import { beforeAll, describe, expect, test } from 'vitest'

import { bodyOf, openRuntime, recordingLogger, REQUEST, temporaryDir, writeComponent } from './_setup.ts'

// The first call of an interpreter compiles it, in some 10 ms of its own time where the machine has nothing else to do.
const LIMITS = { plugin: { memoryMb: 4, cpuMsPerCall: 100 } }
const POLICIES = PluginPolicyTable.fromJson('{"plugin":{"allowed_hosts":["api.test"]}}')

describe('TypeScript', () => {
  let component: Uint8Array

  beforeAll(async () => {
    const built = await buildPlugin({ entry: fileURLToPath(new URL('./plugins/typescript.ts', import.meta.url)) })
    component = built.component
  })

  async function load(httpFetch?: HttpFetchBackend) {
    const module: ModuleId = await writeComponent(component)
    const { logger, lines } = recordingLogger()
    const reports: unknown[] = []
    const metrics = { counter: (...report: unknown[]) => void reports.push(report), gauge: () => {} }
    const runtime = openRuntime({
      limits: LIMITS,
      logger,
      metrics,
      policies: POLICIES,
      ...(httpFetch === undefined ? {} : { httpFetch }),
    })
    const metadata = await runtime.loadComponent(module)
    return { module, runtime, metadata, lines, reports }
  }

  test('metadata', async () => {
    const { metadata } = await load()
    expect(metadata).toMatchObject({ name: 'typescript', version: '1.2.3', abiVersion: '0.1.0' })
    expect(metadata.exports.map(({ name, kind, stateless, needsBody }) => [name, kind, stateless, needsBody])).toEqual([
      ['request', 'l7-request', true, false],
      ['fetch', 'l7-request', true, false],
      ['response', 'l7-response', true, true],
    ])
  })

  test('a request, with every host function; and its instances are put back between calls', async () => {
    const { runtime, module, lines, reports } = await load()
    const site = await runtime.prepareCallSite(module, 'request', '{"token":"t"}')
    const input = {
      ...REQUEST,
      uri: '/x',
      headers: [
        { name: 'a', value: '1' },
        { name: 'a', value: '2' },
      ],
      context: [{ path: 'conn.peer_ip', value: { tag: 'text', val: '192.0.2.1' } as const }],
    }
    for (let n = 0; n < 6; n++) {
      const decision = await site.l7Request(input)
      expect(decision).toMatchObject({
        tag: 'short',
        val: { status: 203, headers: [{ name: 'x-facts', value: 'yes' }] },
      })
      expect(JSON.parse(await bodyOf(decision))).toEqual({
        calls: 1,
        args: { token: 't' },
        method: 'GET',
        headers: ['a=1', 'a=2'],
        peer: '192.0.2.1',
        randomLength: 8,
        nowMs: expect.closeTo(Date.now(), -5),
      })
    }
    expect(lines[0]).toMatchObject({
      level: 'info',
      message: 'called',
      fields: { plugin: 'plugin', version: '1.2.3', export: 'request', fields: { calls: '1' } },
    })
    expect(reports[0]).toEqual(['plugin', 'calls', 1n, [{ key: 'uri', value: '/x' }]])
    expect(runtime.snapshot()[0]?.totalAllocations).toBeLessThanOrEqual(3)
  })

  test('errors', async () => {
    const { runtime, module } = await load()
    const site = await runtime.prepareCallSite(module, 'request', '{}')
    await expect((async () => site.l7Request({ ...REQUEST, uri: '/fail' }))()).rejects.toMatchObject({
      case: 'plugin',
      code: 'no',
      pluginMessage: 'not today',
      onErrorHint: 'internal',
    })
    await expect((async () => site.l7Request({ ...REQUEST, uri: '/throw' }))()).rejects.toMatchObject({
      case: expect.stringMatching(/^(?:plugin|trap)$/),
    })
    expect(await site.l7Request({ ...REQUEST, uri: '/pass' })).toEqual({ tag: 'continue' })
  })

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
        status: undefined,
        headers: [
          { name: 'b', value: '2' },
          { name: 'x-added', value: '1' },
        ],
        body: new Uint8Array(Buffer.from('cba')),
      },
    })
  })

  test('fetching, twenty at a time on one loop', async () => {
    const httpFetch: HttpFetchBackend = {
      fetch: async ({ body }) => {
        await new Promise((resolve) => setImmediate(resolve))
        return { status: 201, headers: [], body: Buffer.from(`pong to ${Buffer.from(body).toString()}`) }
      },
    }
    const { runtime, module } = await load(httpFetch)
    const site = await runtime.prepareCallSite(module, 'fetch', '{}')
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('pong to ping')
    const answers = await Promise.all(Array.from({ length: 20 }, () => bodyOf(site.l7Request(REQUEST))))
    expect(new Set(answers)).toEqual(new Set(['pong to ping', 'pool-exhausted']))
  })

  test('fetching that fails', async () => {
    const { runtime, module } = await load({
      fetch: () => Promise.reject(new NetError({ tag: 'dns-failure', val: 'ENOTFOUND' })),
    })
    const site = await runtime.prepareCallSite(module, 'fetch', '{}')
    for (let n = 0; n < 3; n++) expect(await bodyOf(site.l7Request(REQUEST))).toBe('dns-failure: ENOTFOUND')
  })
})

test('AssemblyScript', { timeout: 60_000 }, async () => {
  const dir = await temporaryDir()
  const entry = join(dir, 'plugin.ts')
  await writeFile(
    entry,
    `import { Export, Kind, L7RequestDecision, L7RequestInput, Metadata } from 'vane-plugin-sdk/assemblyscript'
    let calls = 0
    export function metadata(): Metadata { return new Metadata('as', '1.0.0', [new Export('x', Kind.L7Request)]) }
    export function handleL7Request(name: string, input: L7RequestInput): L7RequestDecision {
      return L7RequestDecision.error('calls-' + (++calls).toString(), input.method + ' ' + input.uri)
    }`,
  )
  const module = join(dir, 'as.wasm') as ModuleId
  await buildAssemblyScript({ entry, out: module, world: 'l7-request-plugin' })
  const runtime = openRuntime()
  await runtime.loadComponent(module)
  const site = await runtime.prepareCallSite(module, 'x', '{}')
  for (let n = 0; n < 5; n++) expect(() => site.l7Request({ ...REQUEST, uri: '/ü' })).toThrow('plugin calls-1: GET /ü')
  expect(runtime.snapshot()[0]?.totalAllocations).toBeLessThanOrEqual(3)
})

describe.each(['c', 'rust'] as const)('%s, by what its compiler is asked for and nothing else', async (language) => {
  const component = await nativePlugin(language)

  test.skipIf(component === undefined)('loads, runs and is put back between calls', async () => {
    const module = await writeComponent(component!)
    const runtime = openRuntime({ limits: { plugin: { memoryMb: 2 } } })
    expect(await runtime.loadComponent(module)).toMatchObject({ name: language, version: '1.0.0', abiVersion: '0.1.0' })
    const site = await runtime.prepareCallSite(module, 'x', '{}')
    const headers = Array.from({ length: 40 }, (_, n) => ({ name: `x-${n}`, value: 'ü'.repeat(n) }))
    const body = { data: Buffer.alloc(100_000, 1), truncated: false }
    for (let n = 0; n < 10; n++) {
      expect(site.l7Request({ ...REQUEST, headers, body })).toEqual({ tag: 'continue' })
      const blocked = site.l7Request({ ...REQUEST, method: 'DELETE', uri: '/blocked', headers })
      expect(blocked).toMatchObject({
        tag: 'short',
        val: { status: 403, headers: [{ name: 'x-method', value: 'DELETE' }] },
      })
      expect(await bodyOf(blocked)).toBe('blocked')
      expect(await bodyOf(site.l7Request({ ...REQUEST, uri: '/count' }))).toBe('1')
    }
    expect(runtime.snapshot()[0]?.failures).toBe(0)
  })

  test.skipIf(component === undefined)('does not use up an instance for each call', async () => {
    const module = await writeComponent(component!)
    const runtime = openRuntime({ limits: { plugin: { memoryMb: 2 } } })
    await runtime.loadComponent(module)
    const site = await runtime.prepareCallSite(module, 'x', '{}')
    for (let n = 0; n < 50; n++) expect(site.l7Request(REQUEST)).toEqual({ tag: 'continue' })
    // An allocator that makes the memory grow at the first call costs the instances that were made before that was known.
    expect(runtime.snapshot()[0]?.totalAllocations).toBeLessThanOrEqual(4)
  })
})

describe('JavaScript with WASI', () => {
  let component: Uint8Array

  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'vane-wit-'))
    const [plugin, host] = splitPackages(witSource())
    await mkdir(join(dir, 'deps'))
    await writeFile(join(dir, 'plugin.wit'), plugin)
    await writeFile(join(dir, 'deps', 'host.wit'), host)
    const jsSource = `
      const metadata = { name: 'wasi', version: '1.0.0', abiVersion: '0.1.0', exports: [
        { name: 'x', kind: 'l7-request', stateless: false, needsBody: false, inspects: [], needsStreamingBody: false } ] }
      let calls = 0
      export const registry = { getMetadata: () => metadata }
      export const handlerL7Request = { handle(name, input) {
        if (input.uri === '/panic') return { tag: 'nonsense' }
        calls++
        return { tag: 'short', val: { status: 200, headers: [], body: Uint8Array.from(String(calls + ' ' + (Date.now() > 1e12) + ' ' + typeof Math.random()), (c) => c.charCodeAt(0)) } }
      } }`
    const built = await componentize({ witPath: dir, world: 'l7-request-plugin', jsSource, sync: true })
    component = built.component
    await rm(dir, { recursive: true })
  })

  test("loads and runs on stand-ins; what its runtime prints goes to the plugin's log", async () => {
    const { logger, lines } = recordingLogger()
    const runtime = openRuntime({ logger, limits: { plugin: { pool: 1, memoryMb: 2 } } })
    const module = await writeComponent(component)
    await runtime.loadComponent(module)
    const site = await runtime.prepareCallSite(module, 'x', '{}')
    expect(await bodyOf(await site.l7Request(REQUEST))).toBe('1 true number')
    expect(await bodyOf(await site.l7Request(REQUEST))).toBe('2 true number')
    await expect((async () => site.l7Request({ ...REQUEST, uri: '/panic' }))()).rejects.toThrow('plugin trap')
    expect(lines.length).toBeGreaterThan(0)
    expect(lines[0]).toMatchObject({ level: 'warn', fields: { plugin: 'plugin', version: '1.0.0', export: 'x' } })
    expect(lines.map(({ message }) => message).join('\n')).toContain('panicked')
  })
})

/** The document has one package nested in the other. */
function splitPackages(source: string): [plugin: string, host: string] {
  const at = source.indexOf('package vane:host@')
  const host = source
    .slice(at)
    .replace(/^package ([^ {]+) \{/, 'package $1;')
    .replace(/\}\s*$/, '')
  return [source.slice(0, at), host]
}
