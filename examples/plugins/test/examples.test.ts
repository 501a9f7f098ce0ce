import { readFile } from 'node:fs/promises'

import { type JcoImports, type JcoInstance, loadWithJco } from 'vane-fixtures'
import { beforeAll, describe, expect, test } from 'vitest'

import { buildExamples, type ExampleName } from '../build-examples.ts'

const request = {
  method: 'GET',
  uri: '/',
  headers: [{ name: 'host', value: 'example.org' }],
  body: undefined,
  context: [{ path: 'conn.peer_ip', value: { tag: 'text', val: '192.0.2.7' } }],
}
const response = { status: 200, headers: [{ name: 'server', value: 'up' }], body: undefined, context: request.context }

const exportDefaults = { stateless: true, needsBody: false, inspects: [], needsStreamingBody: false }

beforeAll(async () => {
  await buildExamples()
}, 60_000)

async function load(
  name: ExampleName,
  imports: JcoImports = {},
): Promise<JcoInstance & { imports: readonly string[] }> {
  const component = await readFile(new URL(`../dist/${name}.wasm`, import.meta.url))
  const loaded = await loadWithJco(component)
  return { ...(await loaded.instantiate(imports)), imports: loaded.imports }
}

test('a second build finds nothing to do', async () => {
  expect((await buildExamples()).map(({ built }) => built)).toEqual([false, false, false])
})

describe('hello-ts', () => {
  let args = '{}'
  const logged: unknown[] = []
  const host = { getArgs: () => args, log: (...line: unknown[]) => void logged.push(line) }
  let plugin: Awaited<ReturnType<typeof load>>
  beforeAll(async () => {
    plugin = await load('hello-ts', { 'vane:host/host': host })
  })

  test('describes its exports and imports nothing but the host', () => {
    expect(plugin.imports).toEqual(['vane:host/host'])
    expect(plugin.registry.getMetadata()).toEqual({
      name: 'hello-ts',
      version: '0.1.0',
      abiVersion: '0.1.0',
      exports: [
        { ...exportDefaults, name: 'greet', kind: 'l7-request', inspects: ['conn.peer_ip'] },
        { ...exportDefaults, name: 'stamp', kind: 'l7-response' },
      ],
    })
  })

  test('greet answers its path and lets others pass', () => {
    args = '{"path":"/hi","greeting":"Grüezi"}'
    const decision = plugin.handlerL7Request?.handle('greet', { ...request, uri: '/hi?now' })
    expect(decision).toMatchObject({
      tag: 'short',
      val: { status: 200, headers: [{ name: 'content-type', value: 'text/plain; charset=utf-8' }] },
    })
    expect(new TextDecoder().decode(decision?.val.body)).toBe('Grüezi, 192.0.2.7!\n')
    expect(logged).toEqual([['info', 'greeted', [{ key: 'peer', value: '192.0.2.7' }]]])
    expect(plugin.handlerL7Request?.handle('greet', request)).toEqual({ tag: 'continue' })
    expect(plugin.handlerL7Request?.handle('greet', { ...request, method: 'POST', uri: '/hi' })).toMatchObject({
      val: { status: 405 },
    })
  })

  test('stamp sets a header field', () => {
    args = '{"name":"X-Served-By","value":"vane"}'
    expect(plugin.handlerL7Response?.handle('stamp', response)).toEqual({
      tag: 'modify',
      val: {
        status: undefined,
        headers: [...response.headers, { name: 'x-served-by', value: 'vane' }],
        body: undefined,
      },
    })
  })

  test('wrong args are a plugin-error, and the instance lives on', () => {
    args = '{"path":5}'
    const call = (): unknown => plugin.handlerL7Request?.handle('greet', request)
    expect(call).toThrow(expect.objectContaining({ code: 'bad-args' }))
    args = '{}'
    expect(call()).toEqual({ tag: 'continue' })
  })
})

describe('block-wat', () => {
  test('answers 403 to x-blocked alone', async () => {
    const plugin = await load('block-wat')
    expect(plugin.imports).toEqual([])
    expect(plugin.registry.getMetadata()).toEqual({
      name: 'block-wat',
      version: '0.1.0',
      abiVersion: '0.1.0',
      exports: [{ ...exportDefaults, name: 'block', kind: 'l7-request' }],
    })
    const blocked = { ...request, headers: [...request.headers, { name: 'x-blocked', value: '' }] }
    const near = {
      ...request,
      headers: [
        { name: 'x-blocke_', value: '' },
        { name: 'x-blocked-by', value: '' },
      ],
    }
    for (let round = 0; round < 3; round++) {
      expect(plugin.handlerL7Request?.handle('block', blocked)).toEqual({
        tag: 'short',
        val: {
          status: 403,
          headers: [{ name: 'content-type', value: 'text/plain' }],
          body: new TextEncoder().encode('blocked\n'),
        },
      })
      expect(plugin.handlerL7Request?.handle('block', request)).toEqual({ tag: 'continue' })
      expect(plugin.handlerL7Request?.handle('block', near)).toEqual({ tag: 'continue' })
    }
  })
})

describe('tag-as', () => {
  test('tags responses with the peer it inspects', async () => {
    const plugin = await load('tag-as')
    expect(plugin.registry.getMetadata()).toEqual({
      name: 'tag-as',
      version: '0.1.0',
      abiVersion: '0.1.0',
      exports: [{ ...exportDefaults, name: 'tag', kind: 'l7-response', inspects: ['conn.peer_ip'] }],
    })
    const tagged = (peer: string): unknown => {
      const context = [{ path: 'conn.peer_ip', value: { tag: 'text', val: peer } }]
      return plugin.handlerL7Response?.handle('tag', { ...response, context }).val.headers.at(-1)
    }
    expect(tagged('192.0.2.7')).toEqual({ name: 'x-peer', value: '192.0.2.7; remote' })
    expect(tagged('127.0.0.1')).toEqual({ name: 'x-peer', value: '127.0.0.1; local' })
    // After other calls, so that the memory it answers in was used before.
    expect(() => plugin.handlerL7Response?.handle('tag', { ...response, context: [] })).toThrow(
      expect.objectContaining({ code: 'no-peer', onErrorHint: undefined }),
    )
    expect(tagged('::1')).toEqual({ name: 'x-peer', value: '::1; local' })
  })
})
