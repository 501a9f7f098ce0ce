import { fileURLToPath } from 'node:url'

import { beforeAll, expect, test } from 'vitest'

import { buildPlugin, type BuiltPlugin, hostFunctions } from '../src/build/index.ts'
import { load, type Loaded } from './load.ts'

const calls: unknown[] = []
const record =
  (name: string) =>
  (...args: unknown[]): void =>
    void calls.push([name, ...args])
let httpFetch: (request: unknown) => unknown = () => {}
const host = {
  getArgs: () => '{}',
  nowUnixMs: () => 1_700_000_000_000n,
  random: (length: number) => new Uint8Array(length).fill(128),
  log: record('log'),
  metricCounter: record('counter'),
  metricGauge: record('gauge'),
  httpFetch: (request: unknown) => httpFetch(request),
}

let built: BuiltPlugin
let plugin: Loaded
beforeAll(async () => {
  built = await buildPlugin({ entry: fileURLToPath(new URL('fixtures/everything.ts', import.meta.url)) })
  plugin = await load(built.component, host)
})

function handle(uri: string, name = 'report'): ReturnType<Loaded['handlerL7Request']['handle']> {
  return plugin.handlerL7Request.handle(name, { method: 'GET', uri, headers: [], body: undefined, context: [] })
}

function report(uri: string): unknown {
  const text = new TextDecoder().decode(handle(uri).val.body)
  return text === '' ? undefined : JSON.parse(text)
}

test('tells what it was made of', () => {
  expect(built.hostFunctions).toEqual(hostFunctions.filter((name) => name !== 'getArgs'))
  expect(built.inputs).toContain(fileURLToPath(new URL('fixtures/everything.ts', import.meta.url)))
  expect(plugin.registry.getMetadata()).toEqual(built.metadata)
})

test('Date runs on the host clock', () => {
  expect(report('/date')).toEqual([1.7e12, '2023-11-14T22:13:20.000Z', '1970-01-01T00:00:00.000Z', true])
})

test('TextEncoder and TextDecoder are there', () => {
  expect(report('/text')).toEqual([...Buffer.from('é€😀'), 0, 0xef, 0xbf, 0xbd])
  expect(report('/decode')).toEqual(['é\ufffd\ufffd\ufffd', '😀'])
})

test('Math.random draws from the host', () => {
  expect((report('/random') as number[])[0]).toBeCloseTo(0.50196, 4)
})

test('console and metrics reach the host', () => {
  calls.length = 0
  report('/console')
  report('/metrics')
  expect(calls).toEqual([
    ['log', 'warn', 'a {"b":1} Error: c', []],
    ['counter', 'hits', 3n, [{ key: 'of', value: 'x' }]],
    ['gauge', 'depth', -4n, []],
  ])
})

test('a metric of the wrong type is an exception, not a dead instance', () => {
  expect(() => report('/badMetric')).toThrow(expect.objectContaining({ code: 'uncaught' }))
  expect(report('/text')).toBeDefined()
})

test('variables live from call to call', () => {
  expect([report('/calls'), report('/calls')]).toEqual([1, 2])
})

test('httpFetch gives the answer, or throws the reason', () => {
  let asked: unknown
  httpFetch = (request) => {
    asked = request
    return { status: 204, headers: [], body: new Uint8Array() }
  }
  expect(report('/fetch')).toBe(204)
  expect(asked).toEqual({
    method: 'GET',
    url: 'https://example.org/',
    headers: [['a', 'b']],
    body: new TextEncoder().encode('x'),
    timeoutMs: 5,
    followRedirects: undefined,
    verifyTls: undefined,
  })
  httpFetch = () => {
    // oxlint-disable-next-line typescript/only-throw-error -- as the glue takes an err value
    throw { tag: 'not-allowed', val: 'example.org' }
  }
  expect(report('/fetchError')).toEqual([{ tag: 'not-allowed', val: 'example.org' }, 'not-allowed: example.org'])
})

test('whatever is thrown becomes a plugin-error', () => {
  expect(() => handle('/fail')).toThrow(
    expect.objectContaining({ code: 'code', message: 'message', onErrorHint: 'force-close' }),
  )
  expect(() => handle('/plain')).toThrow(expect.objectContaining({ code: 'plain', onErrorHint: undefined }))
  expect(() => handle('/uncaught')).toThrow(
    expect.objectContaining({ code: 'uncaught', message: expect.stringMatching(/^TypeError: oh\n +at /) }),
  )
  expect(() => handle('/', 'promise')).toThrow(
    expect.objectContaining({ message: expect.stringContaining('a promise; handlers must answer at once') }),
  )
  expect(() => handle('/', 'toString')).toThrow(
    expect.objectContaining({ message: expect.stringContaining('there is no export "toString"') }),
  )
})

test('the other kinds', () => {
  const context = [{ path: 'conn.peer_port', value: { tag: 'uint64', val: 443n } }]
  expect(plugin.handlerL4Peek.handle('peek', { peek: new Uint8Array([0x16]), context })).toEqual({ tag: 'close' })
  expect(plugin.handlerL4Peek.handle('peek', { peek: new Uint8Array(), context })).toEqual({ tag: 'continue' })
  const bytes = (truncated: boolean): unknown =>
    plugin.handlerL4Bytes.handle('bytes', { bytes: { data: new Uint8Array(), truncated }, context: [] })
  expect([bytes(true), bytes(false)]).toEqual([{ tag: 'tunnel' }, { tag: 'close' }])
  const response = (body: unknown): unknown =>
    plugin.handlerL7Response.handle('response', { status: 200, headers: [], body, context: [] })
  expect(response(undefined)).toEqual({ tag: 'abort' })
  expect(response({ data: new Uint8Array([1, 2]), truncated: false })).toEqual({
    tag: 'modify',
    val: { status: 201, headers: undefined, body: new Uint8Array([2, 1]) },
  })
})
