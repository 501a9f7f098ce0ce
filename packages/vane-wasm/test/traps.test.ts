import { PluginTrapError } from 'vane-core'
import type { Answer, FixtureHeaders, Handler, WatPluginSpec } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { bodyOf, openSite, recordingLogger, REQUEST, until } from './_setup.ts'

/** Does what it must not when it is asked for `/bad`; else answers what it has counted. */
function plugin(bad: Handler, entry: { stateless?: boolean } = {}): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'x', kind: 'l7-request', ...entry }] },
    handlers: {
      'l7-request': {
        match: { echo: 'uri' },
        cases: { '/bad': bad },
        otherwise: [{ do: 'count' }, { answer: 'short', body: { echo: 'counter' } }],
      },
    },
  }
}

const BAD = { ...REQUEST, uri: '/bad' }

function short(headers: FixtureHeaders): Answer {
  return { answer: 'short', headers }
}

const TRAPS: readonly (readonly [name: string, handler: Handler, reason: string])[] = [
  ['unreachable', { answer: 'trap' }, 'unreachable'],
  ['recursion without end', { answer: 'recurse' }, 'stack exhausted'],
  ['a result outside of memory', { answer: 'wat', code: '(i32.const 0x7ffffff0)' }, 'plugin trap: '],
  [
    'an unknown discriminant',
    {
      answer: 'wat',
      code: '(local.set $ret (call $alloc (i32.const 36) (i32.const 4))) (i32.store8 (local.get $ret) (i32.const 9)) (local.get $ret)',
    },
    'plugin trap: ',
  ],
  ['CR in a header value', short([['a', 'b\rc']]), 'a value of header "a" with CR, LF or NUL'],
  ['LF in a header value', short([['a', 'b\nset-cookie: x']]), 'a value of header "a" with CR, LF or NUL'],
  ['NUL in a header value', short([['a', '\0']]), 'a value of header "a" with CR, LF or NUL'],
  ['LF in a header name', short([['a\n', 'b']]), 'a header name that is not a token'],
  ['an empty header name', short([['', 'b']]), 'a header name that is not a token'],
  ['a space in a header name', short([['a b', 'c']]), 'a header name that is not a token'],
  ['a header name that is not ASCII', short([['ä', 'c']]), 'a header name that is not a token'],
  ['status 99', { answer: 'short', status: 99 }, 'a status outside 100 to 599 (99)'],
  ['status 600', { answer: 'short', status: 600 }, 'a status outside 100 to 599 (600)'],
  ['status 0', { answer: 'short', status: 0 }, 'a status outside 100 to 599 (0)'],
  [
    'a metric name',
    [{ do: 'metric-counter', name: 'a-b' }, { answer: 'continue' }],
    'metric name "a-b" does not match',
  ],
  ['a gauge name', [{ do: 'metric-gauge', name: '1a' }, { answer: 'continue' }], 'metric name "1a" does not match'],
  [
    'too many random bytes',
    [{ do: 'random', length: 65_537 }, { answer: 'continue' }],
    'asked for 65537 random bytes at once, more than the limit of 65536',
  ],
]

describe('traps', () => {
  test.each(TRAPS)('%s', async (name, _, reason) => {
    // One plugin that can do them all.
    const cases = Object.fromEntries(TRAPS.map(([uri, handler]) => [uri, handler]))
    const { site } = await openSite({
      ...plugin({ answer: 'trap' }),
      handlers: {
        'l7-request': {
          match: { echo: 'uri' },
          cases,
          otherwise: [{ do: 'count' }, { answer: 'short', body: { echo: 'counter' } }],
        },
      },
    })
    const bad = { ...REQUEST, uri: name }
    expect(() => site.l7Request(bad)).toThrow(reason)
    expect(() => site.l7Request(bad)).toThrow(PluginTrapError)
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('1')
  })

  test('a response with what it must not have', async () => {
    for (const answer of [
      { answer: 'modify', status: 1000 },
      { answer: 'modify', headers: [['a', '\n']] },
    ] satisfies Answer[]) {
      const { site } = await openSite({
        metadata: { exports: [{ name: 'x', kind: 'l7-response' }] },
        handlers: { 'l7-response': answer },
      })
      expect(() => site.l7Response({ status: 200, headers: [], context: [] })).toThrow(PluginTrapError)
    }
  })

  test('the cause is kept', async () => {
    const { site } = await openSite(plugin({ answer: 'trap' }))
    expect(() => site.l7Request(BAD)).toThrow(expect.objectContaining({ cause: expect.any(WebAssembly.RuntimeError) }))
  })
})

describe('after a trap', () => {
  test('the instance is gone with its state, and another takes its place', async () => {
    const { site, runtime } = await openSite(plugin({ answer: 'trap' }, { stateless: false }), {
      limits: { plugin: { pool: 1 } },
    })
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('1')
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('2')
    expect(() => site.l7Request(BAD)).toThrow(PluginTrapError)
    expect(runtime.snapshot()).toMatchObject([{ capacity: 0, available: 0, totalAllocations: 1 }])
    await until(() => runtime.snapshot()[0]?.available === 1, 'a new instance')
    expect(runtime.snapshot()).toMatchObject([{ capacity: 1, totalAllocations: 2, failures: 0 }])
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('1')
  })

  test('an error that the plugin returns costs no instance', async () => {
    const { site, runtime } = await openSite(plugin({ answer: 'error' }, { stateless: false }), {
      limits: { plugin: { pool: 1 } },
    })
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('1')
    expect(() => site.l7Request(BAD)).toThrow('plugin ')
    expect(await bodyOf(site.l7Request(REQUEST))).toBe('2')
    expect(runtime.snapshot()).toMatchObject([{ capacity: 1, totalAllocations: 1 }])
  })

  test('the other instances of the pool go on', async () => {
    const { site, runtime } = await openSite(plugin({ answer: 'trap' }, { stateless: false }), {
      limits: { plugin: { pool: 3 } },
    })
    for (let n = 0; n < 3; n++) expect(() => site.l7Request(BAD)).toThrow(PluginTrapError)
    expect(() => site.l7Request(BAD)).toThrow('plugin pool exhausted: no instance available')
    await until(() => runtime.snapshot()[0]?.available === 3, 'three new instances')
    expect(runtime.snapshot()).toMatchObject([{ capacity: 3, totalAllocations: 6, failures: 1 }])
  })
})

test("fields that are the host's to set are dropped with a warning", async () => {
  const { logger, lines } = recordingLogger()
  const headers: FixtureHeaders = [
    ['Content-Length', '5'],
    ['transfer-encoding', 'chunked'],
    ['Connection', 'keep-alive, X-Hop'],
    ['keep-alive', '1'],
    ['proxy-connection', 'a'],
    ['te', 'trailers'],
    ['trailer', 'x'],
    ['upgrade', 'h2c'],
    ['x-hop', '1'],
    ['x-keep', '2'],
  ]
  const { site } = await openSite(plugin(short(headers)), { logger })
  expect(await site.l7Request(BAD, { connectionId: '00000000000000aa' })).toMatchObject({
    val: { headers: [{ name: 'x-keep', value: '2' }] },
  })
  expect(lines).toEqual([
    {
      level: 'warn',
      message:
        "header fields that are the host's to set were dropped: content-length, transfer-encoding, connection, keep-alive, proxy-connection, te, trailer, upgrade, x-hop",
      fields: { plugin: 'plugin', version: '1.0.0', export: 'x', connectionId: '00000000000000aa' },
    },
  ])
})
