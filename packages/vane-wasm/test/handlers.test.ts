import { PluginReturnedError, PluginTrapError, toModuleId, type PluginCallSite } from 'vane-core'
import type { Answer, FixtureExport, FixtureKind, WatPluginSpec } from 'vane-fixtures'
import { describe, expect, test } from 'vitest'

import { bodyOf, loadPlugin, openRuntime, openSite, REQUEST } from './_setup.ts'

const CALL: { [K in FixtureKind]: (site: PluginCallSite) => unknown } = {
  'l4-peek': (site) => site.l4Peek({ peek: Uint8Array.of(1, 2), context: [] }),
  'l4-bytes': (site) => site.l4Bytes({ bytes: { data: Uint8Array.of(1, 2), truncated: true }, context: [] }),
  'l7-request': (site) => site.l7Request(REQUEST),
  'l7-response': (site) => site.l7Response({ status: 200, headers: [], context: [] }),
}

const KINDS: readonly FixtureKind[] = ['l4-peek', 'l4-bytes', 'l7-request', 'l7-response']

function plugin(kind: FixtureKind, answer: Answer, entry: Partial<FixtureExport> = {}): WatPluginSpec {
  return { metadata: { exports: [{ name: 'x', kind, ...entry }] }, handlers: { [kind]: answer } }
}

const DECISIONS: readonly (readonly [kind: FixtureKind, answer: Answer, expected: unknown])[] = [
  ['l4-peek', { answer: 'continue' }, { tag: 'continue' }],
  ['l4-peek', { answer: 'close' }, { tag: 'close' }],
  ['l4-bytes', { answer: 'continue' }, { tag: 'continue' }],
  ['l4-bytes', { answer: 'tunnel' }, { tag: 'tunnel' }],
  ['l4-bytes', { answer: 'close' }, { tag: 'close' }],
  ['l7-request', { answer: 'continue' }, { tag: 'continue' }],
  ['l7-request', { answer: 'close' }, { tag: 'close' }],
  [
    'l7-request',
    {
      answer: 'short',
      status: 403,
      headers: [
        ['X-A', 'b'],
        ['x-a', 'c'],
      ],
      body: 'no',
    },
    {
      tag: 'short',
      val: {
        status: 403,
        headers: [
          { name: 'x-a', value: 'b' },
          { name: 'x-a', value: 'c' },
        ],
        body: Uint8Array.of(110, 111),
      },
    },
  ],
  ['l7-response', { answer: 'continue' }, { tag: 'continue' }],
  ['l7-response', { answer: 'abort' }, { tag: 'abort' }],
  [
    'l7-response',
    { answer: 'modify' },
    { tag: 'modify', val: { status: undefined, headers: undefined, body: undefined } },
  ],
  [
    'l7-response',
    { answer: 'modify', status: 418, headers: [['A', '']], body: '' },
    { tag: 'modify', val: { status: 418, headers: [{ name: 'a', value: '' }], body: new Uint8Array() } },
  ],
]

describe('decisions', () => {
  test.each(DECISIONS)('%s %o, without a promise', async (kind, answer, expected) => {
    // One plugin for each kind; the export's name says which answer is wanted.
    const ofKind = DECISIONS.filter((decision) => decision[0] === kind)
    const names = ofKind.map((_, index) => `answer-${index}`)
    const { runtime, module } = await loadPlugin({
      metadata: { exports: names.map((name) => ({ name, kind })) },
      handlers: {
        [kind]: {
          match: { echo: 'name' },
          cases: Object.fromEntries(ofKind.map((decision, index) => [`answer-${index}`, decision[1]])),
        },
      },
    })
    const site = await runtime.prepareCallSite(
      module,
      `answer-${ofKind.findIndex((decision) => decision[1] === answer)}`,
      '{}',
    )
    expect(CALL[kind](site)).toEqual(expected)
  })
})

describe('errors that a plugin returns', () => {
  test.each(KINDS)('%s', async (kind) => {
    const { site } = await openSite(plugin(kind, { answer: 'error', code: 'bad-token', message: 'expired' }))
    const error = caught(() => CALL[kind](site))
    expect(error).toBeInstanceOf(PluginReturnedError)
    expect(error).toMatchObject({ message: 'plugin bad-token: expired', code: 'bad-token', onErrorHint: undefined })
  })

  test.each(['force-close', 'internal'])('hint %s', async (hint) => {
    const { site } = await openSite(plugin('l7-request', { answer: 'error', code: 'c', message: 'm', hint }))
    expect(caught(() => site.l7Request(REQUEST))).toMatchObject({ case: 'plugin', onErrorHint: hint })
  })

  test('any other hint is a trap', async () => {
    const { site } = await openSite(plugin('l7-request', { answer: 'error', hint: 'retry' }))
    expect(() => site.l7Request(REQUEST)).toThrow(
      'plugin trap: answered an on-error-hint other than force-close or internal ("retry")',
    )
  })
})

describe('what a handler sees', () => {
  test('the whole request', async () => {
    const echo = {
      answer: 'short',
      body: [
        { echo: 'method' },
        ' ',
        { echo: 'uri' },
        '\n',
        { echo: 'headers' },
        { echo: 'context' },
        { echo: 'body' },
        ' ',
        { echo: 'truncated' },
      ],
    } as const
    const { site } = await openSite(plugin('l7-request', echo, { needsBody: true }))
    const decision = site.l7Request({
      method: 'POST',
      uri: '/a?b=ü',
      headers: [
        { name: 'host', value: 'x' },
        { name: 'cookie', value: 'a=\\x{ff}' },
        { name: 'cookie', value: '' },
      ],
      body: { data: Buffer.from('hello'), truncated: true },
      context: [
        { path: 'a', value: { tag: 'text', val: 'ö' } },
        { path: 'b', value: { tag: 'bytes', val: Uint8Array.of(0, 255) } },
        { path: 'c', value: { tag: 'int64', val: -5n } },
        { path: 'd', value: { tag: 'uint64', val: 2n ** 64n - 1n } },
        { path: 'e', value: { tag: 'boolean', val: true } },
        { path: 'f', value: { tag: 'list-text', val: ['p', 'q'] } },
      ],
    })
    expect(await bodyOf(decision)).toBe(
      'POST /a?b=ü\nhost: x\ncookie: a=\\x{ff}\ncookie: \na=text:ö\nb=bytes:00ff\nc=int64:-5\nd=uint64:18446744073709551615\ne=boolean:1\nf=list-text:p,q\nhello true',
    )
  })

  test('no body unless it declares needs-body, whatever the caller gives', async () => {
    const { site } = await openSite(plugin('l7-request', { answer: 'short', body: { echo: 'body' } }))
    const decision = site.l7Request({ ...REQUEST, body: { data: Buffer.from('secret'), truncated: false } })
    expect(await bodyOf(decision)).toBe('none')
  })

  test('the bytes of a connection', async () => {
    const { site } = await openSite(
      plugin('l4-bytes', { answer: 'error', message: [{ echo: 'body' }, '/', { echo: 'truncated' }] }),
    )
    const input = { bytes: { data: Buffer.from('GET'), truncated: true }, context: [] }
    expect(() => site.l4Bytes(input)).toThrow('GET/true')
  })

  test('which of its exports is meant, and the arguments of the call site', async () => {
    const { runtime, module } = await loadPlugin({
      metadata: {
        exports: [
          { name: 'one', kind: 'l7-request' },
          { name: 'two', kind: 'l7-request' },
        ],
      },
      handlers: { 'l7-request': { answer: 'short', body: [{ echo: 'name' }, { echo: 'args' }] } },
    })
    const one = await runtime.prepareCallSite(module, 'one', '{"a":1}')
    const two = await runtime.prepareCallSite(module, 'two', '{}')
    expect(await bodyOf(one.l7Request(REQUEST))).toBe('one{"a":1}')
    expect(await bodyOf(two.l7Request(REQUEST))).toBe('two{}')
  })
})

describe('invoke without a call site', () => {
  test('answers by a promise the first time, then at once', async () => {
    const { runtime, module } = await loadPlugin(plugin('l7-request', { answer: 'short', body: { echo: 'args' } }))
    const first = runtime.invokeL7Request(module, 'x', '{"n":1}', REQUEST)
    expect(first).toBeInstanceOf(Promise)
    expect(await bodyOf(first)).toBe('{"n":1}')
    const second = runtime.invokeL7Request(module, 'x', '{"n":1}', REQUEST)
    expect(second).not.toBeInstanceOf(Promise)
    expect(await bodyOf(second)).toBe('{"n":1}')
  })

  test.each<FixtureKind>(['l4-peek', 'l4-bytes', 'l7-response'])('%s', async (kind) => {
    const { runtime, module } = await loadPlugin(plugin(kind, { answer: 'continue' }))
    const answer = {
      'l4-peek': () => runtime.invokeL4Peek(module, 'x', '{}', { peek: new Uint8Array(), context: [] }),
      'l4-bytes': () =>
        runtime.invokeL4Bytes(module, 'x', '{}', { bytes: { data: new Uint8Array(), truncated: false }, context: [] }),
      'l7-request': () => runtime.invokeL7Request(module, 'x', '{}', REQUEST),
      'l7-response': () => runtime.invokeL7Response(module, 'x', '{}', { status: 200, headers: [], context: [] }),
    }[kind]()
    expect(await answer).toEqual({ tag: 'continue' })
  })

  test('a stateful export keeps its state between such calls', async () => {
    const { runtime, module } = await loadPlugin(
      {
        metadata: { exports: [{ name: 'x', kind: 'l7-request', stateless: false }] },
        handlers: { 'l7-request': [{ do: 'count' }, { answer: 'short', body: { echo: 'counter' } }] },
      },
      { limits: { plugin: { pool: 1 } } },
    )
    expect(await bodyOf(runtime.invokeL7Request(module, 'x', '{}', REQUEST))).toBe('1')
    expect(await bodyOf(runtime.invokeL7Request(module, 'x', '{}', REQUEST))).toBe('2')
  })

  test('arguments without end do not grow the number of pools without end', async () => {
    const { runtime, module } = await loadPlugin(plugin('l7-request', { answer: 'short', body: { echo: 'args' } }))
    for (let n = 0; n < 300; n++) {
      expect(await bodyOf(runtime.invokeL7Request(module, 'x', `{"n":${n}}`, REQUEST))).toBe(`{"n":${n}}`)
    }
    expect(runtime.snapshot().length).toBeLessThanOrEqual(256)
  })
})

describe('calls that cannot be', () => {
  test('a module that was never loaded is a trap', () => {
    const runtime = openRuntime()
    expect(() => runtime.invokeL7Request(toModuleId('/none.wasm'), 'x', '{}', REQUEST)).toThrow(
      'plugin trap: /none.wasm is not loaded',
    )
  })

  test('an export that does not exist', async () => {
    const { runtime, module } = await loadPlugin(plugin('l7-request', { answer: 'continue' }))
    await expect(runtime.invokeL7Request(module, 'nope', '{}', REQUEST)).rejects.toThrow(
      /^plugin trap: .*export "nope": the plugin has no such export/,
    )
    await expect(runtime.prepareCallSite(module, 'nope', '{}')).rejects.toMatchObject({ kind: 'compile' })
  })

  test.each(['', 'x', '[]', '"{}"', 'null'])('arguments that are no JSON object: %o', async (argsJson) => {
    const { runtime, module } = await loadPlugin(plugin('l7-request', { answer: 'continue' }))
    await expect(runtime.prepareCallSite(module, 'x', argsJson)).rejects.toThrow(
      'export "x": args are not the text of a JSON object',
    )
  })

  test('an export called as another kind', async () => {
    const { site } = await openSite(plugin('l7-request', { answer: 'continue' }))
    const error = caught(() => site.l4Peek({ peek: new Uint8Array(), context: [] }))
    expect(error).toBeInstanceOf(PluginTrapError)
    expect(error).toMatchObject({
      message: 'plugin trap: export x is of kind l7-request and cannot be called as l4-peek',
    })
  })

  test('a call site that was released', async () => {
    const { site, runtime } = await openSite(plugin('l7-request', { answer: 'continue' }))
    site.release()
    site.release()
    expect(() => site.l7Request(REQUEST)).toThrow('plugin trap: export x: the call site is released')
    expect(runtime.snapshot()).toEqual([])
  })
})

function caught(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
