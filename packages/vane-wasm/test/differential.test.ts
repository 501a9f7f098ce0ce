import fc from 'fast-check'
import { loadWithJco, watPlugin, type Handler, type JcoInstance, type WatPluginSpec } from 'vane-fixtures'
import { beforeAll, describe, expect, test } from 'vitest'

import { openComponent, type OpenComponent } from './_component.ts'

const ECHO_ALL = [
  { echo: 'name' },
  '|',
  { echo: 'method' },
  '|',
  { echo: 'uri' },
  '|',
  { echo: 'status' },
  '|',
  { echo: 'headers' },
  '|',
  { echo: 'context' },
  '|',
  { echo: 'truncated' },
  '|',
  { echo: 'body' },
] as const

/** Answers the lists that it was given, where they lie. */
const SAME_REQUEST: Handler = {
  answer: 'wat',
  code: `(local.set $ret (call $alloc (i32.const 36) (i32.const 4)))
    (i32.store8 (local.get $ret) (i32.const 0))
    (i32.store offset=4 (local.get $ret) (i32.const 1))
    (i32.store16 offset=8 (local.get $ret) (i32.const 299))
    (i32.store offset=12 (local.get $ret) (local.get $headers_ptr))
    (i32.store offset=16 (local.get $ret) (local.get $headers_len))
    (i32.store offset=20 (local.get $ret) (local.get $uri_ptr))
    (i32.store offset=24 (local.get $ret) (local.get $uri_len))
    (local.get $ret)`,
}

/** Answers what it was given as a change of it: each part is there or not as the body was. */
const SAME_RESPONSE: Handler = {
  answer: 'wat',
  code: `(local.set $ret (call $alloc (i32.const 40) (i32.const 4)))
    (i32.store8 (local.get $ret) (i32.const 0))
    (i32.store offset=4 (local.get $ret) (i32.const 1))
    (i32.store8 offset=8 (local.get $ret) (i32.const 1))
    (i32.store16 offset=10 (local.get $ret) (local.get $status))
    (i32.store8 offset=12 (local.get $ret) (local.get $truncated))
    (i32.store offset=16 (local.get $ret) (local.get $headers_ptr))
    (i32.store offset=20 (local.get $ret) (local.get $headers_len))
    (i32.store8 offset=24 (local.get $ret) (local.get $body_some))
    (i32.store offset=28 (local.get $ret) (local.get $body_ptr))
    (i32.store offset=32 (local.get $ret) (local.get $body_len))
    (local.get $ret)`,
}

const REPORT: Handler = [
  {
    do: 'log',
    level: 'warn',
    message: { echo: 'uri' },
    fields: [
      ['uri', { echo: 'uri' }],
      ['body', { echo: 'method' }],
    ],
  },
  { do: 'metric-counter', name: { echo: 'uri' }, delta: 2n ** 64n - 1n, labels: [['m', { echo: 'method' }]] },
  { do: 'metric-gauge', name: 'g', value: -(2n ** 63n) },
  { answer: 'error', code: { echo: 'uri' }, message: { echo: 'method' }, hint: 'internal' },
]

const SPEC: WatPluginSpec = {
  metadata: {
    name: 'näme',
    exports: [{ name: 'x', kind: 'l7-request', inspects: ['conn.peer_ip', 'conn.id'], needsBody: true }],
  },
  handlers: {
    'l4-peek': { answer: 'error', code: '', message: [...ECHO_ALL] },
    'l4-bytes': { answer: 'error', code: '', message: [...ECHO_ALL] },
    'l7-request': {
      match: { echo: 'name' },
      cases: { same: SAME_REQUEST, report: REPORT },
      otherwise: { answer: 'short', status: 201, headers: [['a', { echo: 'name' }]], body: [...ECHO_ALL] },
    },
    'l7-response': {
      match: { echo: 'name' },
      cases: { same: SAME_RESPONSE },
      otherwise: { answer: 'modify', body: [...ECHO_ALL] },
    },
  },
}

// Well-formed: neither side lets lone surrogates through, but jco's glue puts another number of them in their place.
const text = fc
  .oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.string({ unit: 'binary-ascii', maxLength: 300 }))
  .map((value) => value.toWellFormed())
const bytes = fc.uint8Array({ maxLength: 300 })
// The handlers of layer 4 answer what they saw in a message, which has to be text.
const textBytes = text.map((value) => new TextEncoder().encode(value))
const value = fc.oneof(
  text.map((val) => ({ tag: 'text', val })),
  bytes.map((val) => ({ tag: 'bytes', val })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((val) => ({ tag: 'int64', val })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((val) => ({ tag: 'uint64', val })),
  fc.boolean().map((val) => ({ tag: 'boolean', val })),
  fc.array(text, { maxLength: 5 }).map((val) => ({ tag: 'list-text', val })),
)
const context = fc.array(fc.record({ path: text, value }), { maxLength: 5 })
const headers = fc.array(fc.record({ name: text, value: text }), { maxLength: 8 })
const view = fc.record({ data: bytes, truncated: fc.boolean() })
const body = fc.option(view, { nil: undefined })

const INPUTS = {
  'l4-peek': fc.record({ peek: textBytes, context }),
  'l4-bytes': fc.record({ bytes: fc.record({ data: textBytes, truncated: fc.boolean() }), context }),
  'l7-request': fc.record({ method: text, uri: text, headers, body, context }),
  'l7-response': fc.record({ status: fc.integer({ min: 0, max: 65_535 }), headers, body, context }),
} as const

type Kind = keyof typeof INPUTS

const JCO_HANDLERS = {
  'l4-peek': 'handlerL4Peek',
  'l4-bytes': 'handlerL4Bytes',
  'l7-request': 'handlerL7Request',
  'l7-response': 'handlerL7Response',
} as const satisfies Record<Kind, keyof JcoInstance>

describe("values cross as they do by jco's glue", () => {
  let jco: JcoInstance
  let ours: OpenComponent
  const said: { jco: unknown[]; ours: unknown[] } = { jco: [], ours: [] }

  beforeAll(async () => {
    const component = await watPlugin(SPEC)
    const loaded = await loadWithJco(component)
    const record =
      (name: string) =>
      (...args: unknown[]) =>
        void said.jco.push([name, ...args])
    jco = await loaded.instantiate({
      'vane:host/host': {
        log: record('log'),
        metricCounter: record('metric-counter'),
        metricGauge: record('metric-gauge'),
      },
    })
    const names = ['log', 'metric-counter', 'metric-gauge']
    ours = openComponent(component, {
      host: Object.fromEntries(
        names.map((name) => [
          `vane:host/host@0.1.0#${name}`,
          (...args: unknown[]) => void said.ours.push([name, ...args]),
        ]),
      ),
      limitMs: 60_000,
    })
  })

  function viaJco(kind: Kind, name: string, input: object): unknown {
    try {
      return { tag: 'ok', val: jco[JCO_HANDLERS[kind]]?.handle(name, input) }
    } catch (error) {
      return { tag: 'err', val: error instanceof Error && 'payload' in error ? error.payload : error }
    }
  }

  const viaOurs = (kind: Kind, name: string, input: object): unknown =>
    ours.call(`vane:plugin/handler-${kind}@0.1.0`, 'handle', name, input)

  test('metadata', () => {
    expect(ours.call('vane:plugin/registry@0.1.0', 'get-metadata')).toEqual(jco.registry.getMetadata())
  })

  test.each<[Kind, string[]]>([
    ['l4-peek', ['']],
    ['l4-bytes', ['']],
    ['l7-request', ['', 'same', 'report', 'ä']],
    ['l7-response', ['', 'same']],
  ])('%s', (kind, names) => {
    fc.assert(
      fc.property(fc.constantFrom(...names), INPUTS[kind] as fc.Arbitrary<object>, (name, input) => {
        said.jco.length = 0
        said.ours.length = 0
        expect(viaOurs(kind, name, input)).toEqual(viaJco(kind, name, input))
        expect(said.ours).toEqual(said.jco)
      }),
      { numRuns: 300 },
    )
  })
})
