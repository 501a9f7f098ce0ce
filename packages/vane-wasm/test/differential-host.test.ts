import fc from 'fast-check'
import type { HttpFetchResponse, NetErrorValue } from 'vane-core'
import {
  loadWithJco,
  watModule,
  watPlugin,
  type FixtureExport,
  type FixtureKind,
  type Handler,
  type JcoInstance,
  type WatPluginSpec,
} from 'vane-fixtures'
import { watToComponent } from 'vane-plugin-sdk/build'
import { beforeAll, describe, expect, test } from 'vitest'

import { openComponent, type OpenComponent } from './_component.ts'

/** The 64 bits of the first context entry, from which numbers and flags are taken. */
const BITS = '(i64.load offset=16 (local.get $context_ptr))'
const LOW = `(i32.wrap_i64 ${BITS})`
const bit = (n: number): string => `(i32.and (i32.shr_u ${LOW} (i32.const ${n})) (i32.const 1))`
const METHOD = '(local.get $method_ptr) (local.get $method_len)'
const URI = '(local.get $uri_ptr) (local.get $uri_len)'
// A header, a log field, a label and a pair of texts look alike in memory.
const PAIRS = '(local.get $headers_ptr) (local.get $headers_len)'
const BODY = '(local.get $body_ptr) (local.get $body_len)'

/** Hands what it was given over to the functions of the host. */
const TELL = `
  (call $host_log (i32.rem_u ${LOW} (i32.const 5)) ${URI} ${PAIRS})
  (call $host_metric-counter ${METHOD} ${BITS} ${PAIRS})
  (call $host_metric-gauge ${URI} ${BITS} ${PAIRS})`
const FETCH = `
  (global.set $fetch (call $alloc (i32.const 24) (i32.const 4)))
  (call $host_http-fetch ${METHOD} ${URI} ${PAIRS} ${BODY}
    ${bit(0)} ${LOW} ${bit(1)} (i32.shr_u ${LOW} (i32.const 3)) ${bit(2)} ${bit(4)} (global.get $fetch))`

/** Has the module import what the code above calls. */
const IMPORTING: Handler = [
  { do: 'log', message: '' },
  { do: 'metric-counter', name: 'a' },
  { do: 'metric-gauge', name: 'a' },
  { do: 'http-fetch', url: '' },
  { answer: 'trap' },
]

const HANDLER: Handler = {
  match: { echo: 'name' },
  cases: {
    tell: [
      { do: 'wat', code: TELL },
      { answer: 'short', body: 'told' },
    ],
    ok: [
      { do: 'wat', code: FETCH },
      { answer: 'short', body: [{ echo: 'fetch' }, '\n', { echo: 'fetch-headers' }] },
    ],
    err: [
      { do: 'wat', code: FETCH },
      { answer: 'short', body: { echo: 'fetch' } },
    ],
    ask: {
      answer: 'short',
      body: [{ echo: 'args' }, ' ', { echo: 'now' }, ' ', { echo: 'random', length: 16 }],
    },
    // An error whose hint is there or not.
    fail: {
      answer: 'wat',
      code: `(local.set $ret (call $alloc (i32.const 36) (i32.const 4))) (i32.store8 (local.get $ret) (i32.const 1))
        (i32.store offset=4 (local.get $ret) (local.get $method_ptr)) (i32.store offset=8 (local.get $ret) (local.get $method_len))
        (i32.store offset=12 (local.get $ret) (local.get $uri_ptr)) (i32.store offset=16 (local.get $ret) (local.get $uri_len))
        (i32.store8 offset=20 (local.get $ret) ${bit(0)})
        (i32.store offset=24 (local.get $ret) (local.get $uri_ptr)) (i32.store offset=28 (local.get $ret) (local.get $uri_len))
        (local.get $ret)`,
    },
  },
  otherwise: IMPORTING,
}

const text = fc
  .oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string({ unit: 'binary-ascii', maxLength: 200 }))
  .map((value) => value.toWellFormed())
const bytes = fc.uint8Array({ maxLength: 200 })
const pairs = fc.array(fc.tuple(text, text), { maxLength: 6 })
const bits = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 32n - 1n),
)
const input = fc.record({ method: text, uri: text, pairs, body: bytes, bits })
const response: fc.Arbitrary<HttpFetchResponse> = fc.record({
  status: fc.integer({ min: 0, max: 65_535 }),
  headers: pairs,
  body: bytes,
})
const withText = fc.constantFrom('dns-failure', 'tls-error', 'not-allowed', 'internal')
const withoutText = fc.constantFrom(
  'connection-refused',
  'timeout',
  'pool-exhausted',
  'body-too-large',
  'insecure-rejected',
)
const netError = fc.oneof(
  fc.record({ tag: withText, val: text }),
  fc.record({ tag: withoutText }),
) as fc.Arbitrary<NetErrorValue>

/** What the host answers in a run. */
interface Answers {
  args: string
  now: bigint
  random: Uint8Array
  fetch: { readonly ok: HttpFetchResponse } | { readonly err: NetErrorValue }
}

describe("host functions take and answer values as they do by jco's glue", () => {
  let jco: JcoInstance
  let ours: OpenComponent
  const said: { jco: unknown[]; ours: unknown[] } = { jco: [], ours: [] }
  const answers: Answers = { args: '', now: 0n, random: new Uint8Array(), fetch: { err: { tag: 'timeout' } } }

  beforeAll(async () => {
    const component = await watPlugin({
      metadata: { exports: [{ name: 'x', kind: 'l7-request' }] },
      handlers: { 'l7-request': HANDLER },
    })
    const record =
      (to: unknown[], name: string) =>
      (...args: unknown[]) =>
        void to.push([name, ...args])
    const loaded = await loadWithJco(component)
    jco = await loaded.instantiate({
      'vane:host/host': {
        log: record(said.jco, 'log'),
        metricCounter: record(said.jco, 'metric-counter'),
        metricGauge: record(said.jco, 'metric-gauge'),
        getArgs: () => answers.args,
        nowUnixMs: () => answers.now,
        random: () => answers.random,
        httpFetch: (request: unknown) => {
          said.jco.push(['http-fetch', request])
          if ('ok' in answers.fetch) return answers.fetch.ok
          // oxlint-disable-next-line typescript/only-throw-error -- the form in which jco takes an error of the contract
          throw { payload: answers.fetch.err }
        },
      },
    })
    const host = {
      log: record(said.ours, 'log'),
      'metric-counter': record(said.ours, 'metric-counter'),
      'metric-gauge': record(said.ours, 'metric-gauge'),
      'get-args': () => answers.args,
      'now-unix-ms': () => answers.now,
      random: () => answers.random,
      'http-fetch': (request: unknown) => {
        said.ours.push(['http-fetch', request])
        return 'ok' in answers.fetch ? { tag: 'ok', val: answers.fetch.ok } : { tag: 'err', val: answers.fetch.err }
      },
    }
    ours = openComponent(component, {
      host: Object.fromEntries(Object.entries(host).map(([name, func]) => [`vane:host/host@0.1.0#${name}`, func])),
      limitMs: 60_000,
    })
  })

  function compare(
    name: string,
    given: { method: string; uri: string; pairs: [string, string][]; body: Uint8Array; bits: bigint },
  ): void {
    const { method, uri, body } = given
    const request = {
      method,
      uri,
      headers: given.pairs.map(([header, value]) => ({ name: header, value })),
      body: { data: body, truncated: false },
      context: [{ path: 'p', value: { tag: 'uint64', val: given.bits } }],
    }
    said.jco.length = 0
    said.ours.length = 0
    expect(viaOurs(name, request)).toEqual(viaJco(name, request))
    expect(said.ours).toEqual(said.jco)
  }

  function viaJco(name: string, request: object): unknown {
    try {
      return { tag: 'ok', val: jco.handlerL7Request?.handle(name, request) }
    } catch (error) {
      return { tag: 'err', val: error instanceof Error && 'payload' in error ? error.payload : error }
    }
  }

  const viaOurs = (name: string, request: object): unknown =>
    ours.call('vane:plugin/handler-l7-request@0.1.0', 'handle', name, request)

  test('log lines and metrics: levels, fields, labels, 64-bit numbers', () => {
    fc.assert(
      fc.property(input, (given) => compare('tell', given)),
      { numRuns: 300 },
    )
    expect(said.ours).toHaveLength(3)
  })

  test('fetches: requests with every option, and responses', () => {
    fc.assert(
      fc.property(input, response, (given, ok) => {
        answers.fetch = { ok }
        compare('ok', given)
      }),
      { numRuns: 300 },
    )
    expect(said.ours).toHaveLength(1)
  })

  test('fetches that end as each of the errors', () => {
    fc.assert(
      fc.property(input, netError, (given, err) => {
        answers.fetch = { err }
        compare('err', given)
      }),
      { numRuns: 300 },
    )
  })

  test('arguments, time and random bytes', () => {
    fc.assert(
      fc.property(input, text, bits, fc.uint8Array({ minLength: 16, maxLength: 16 }), (given, args, now, random) => {
        Object.assign(answers, { args, now, random })
        compare('ask', given)
      }),
      { numRuns: 200 },
    )
  })

  test('errors of the plugin, with a hint and without', () => {
    fc.assert(
      fc.property(input, (given) => compare('fail', given)),
      { numRuns: 200 },
    )
  })
})

test("metadata are lifted as jco's glue lifts them", { timeout: 120_000 }, async () => {
  const kinds: readonly FixtureKind[] = ['l4-peek', 'l4-bytes', 'l7-request', 'l7-response']
  const entry: fc.Arbitrary<FixtureExport> = fc.record({
    name: text,
    kind: fc.constantFrom(...kinds),
    stateless: fc.boolean(),
    needsBody: fc.boolean(),
    needsStreamingBody: fc.boolean(),
    inspects: fc.array(text, { maxLength: 4 }),
  })
  const metadata = fc.record({
    name: text,
    version: text,
    abiVersion: text,
    exports: fc.array(entry, { maxLength: 6 }),
  })
  await fc.assert(
    fc.asyncProperty(metadata, async (given) => {
      const spec: WatPluginSpec = { metadata: given, handlers: { 'l7-request': { answer: 'continue' } } }
      const { wat, ...options } = watModule(spec)
      const component = await watToComponent(wat, options)
      const { instantiate } = await loadWithJco(component)
      const expected = (await instantiate({})).registry.getMetadata()
      expect(openComponent(component).call('vane:plugin/registry@0.1.0', 'get-metadata')).toEqual(expected)
    }),
    { numRuns: 6 },
  )
})
