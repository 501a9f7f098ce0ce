import assert from 'node:assert/strict'

import type { ProxyCase } from '../case/proxy-case.ts'
import type { Answer, Handler, WatPluginSpec } from '../plugin/spec.ts'
import { PROXY_CONTEXT } from './proxy-context.ts'
import { BODY_CASES, HEADER_CASES } from './proxy-messages.ts'
import { bodyOf, GET, proxyCase, request, response } from './proxy-way.ts'

function ends(name: string, proves: string, plugin: WatPluginSpec, expected: RegExp): ProxyCase {
  return proxyCase({
    name,
    proves,
    plugin,
    check: async ({ exchange }) => {
      const text = await exchange(GET)
      assert.match(text, expected)
      assert.doesNotMatch(text, /tck-secret/, 'the client was told what a plugin said of its failure')
    },
  })
}

const NOTHING = /^$/
const failing = (hint?: string): Answer => ({
  answer: 'error',
  code: 'tck-secret',
  message: 'tck-secret',
  ...(hint === undefined ? {} : { hint }),
})

const DECISION_CASES: readonly ProxyCase[] = [
  ends(
    'request-continue',
    'a request that continues reaches the upstream',
    request({ answer: 'continue' }),
    /^HTTP\/1\.1 200 [^]*\r\n\r\nupstream$/,
  ),
  ends('request-close', 'a request that is closed has no answer', request({ answer: 'close' }), NOTHING),
  ends(
    'request-short',
    'a short response is written as it is',
    request({ answer: 'short', status: 418, body: 'tea' }),
    /^HTTP\/1\.1 418 [^]*\r\n\r\ntea$/,
  ),
  ends(
    'response-continue',
    'a response that continues is written as it is',
    response({ answer: 'continue' }),
    /^HTTP\/1\.1 200 [^]*\r\n\r\nupstream$/,
  ),
  ends('response-abort', 'a response that is aborted is not written', response({ answer: 'abort' }), NOTHING),
  ends(
    'response-modify',
    'a modified response has what the plugin said and keeps the rest',
    response({ answer: 'modify', status: 201 }),
    /^HTTP\/1\.1 201 [^]*\r\n\r\nupstream$/,
  ),
  ends(
    'response-modify-body',
    'a new body replaces the old one, and its length is set',
    response({ answer: 'modify', body: 'new' }),
    /^HTTP\/1\.1 200 [^]*content-length: 3\r\n[^]*\r\n\r\nnew$/,
  ),
  ends(
    'trap',
    'without on_error a trap is 500, and the client is not told why',
    request({ answer: 'trap' }),
    /^HTTP\/1\.1 500 [^]*connection: close/,
  ),
  ends(
    'error',
    'without on_error an error of the plugin is 500, and the client is not told why',
    request(failing()),
    /^HTTP\/1\.1 500 [^]*connection: close/,
  ),
]

function fails(name: string, proves: string, handler: Handler, expected: RegExp): ProxyCase {
  return proxyCase({
    name,
    proves,
    plugin: request(handler),
    setup: { onError: { status: 299, body: 'fallback' } },
    check: async ({ exchange }) => assert.match(await exchange(GET), expected),
  })
}

const FALLBACK = /^HTTP\/1\.1 299 [^]*\r\n\r\nfallback$/

const ERROR_CASES: readonly ProxyCase[] = [
  fails('on-error-trap', 'on_error decides what a trap turns into', { answer: 'trap' }, FALLBACK),
  fails(
    'on-error-cpu',
    'on_error decides what a call that used up its CPU time turns into',
    { answer: 'loop' },
    FALLBACK,
  ),
  fails('on-error-no-hint', 'on_error decides about an error without a hint', failing(), FALLBACK),
  fails('on-error-internal', 'on_error decides about an error with the hint internal', failing('internal'), FALLBACK),
  fails(
    'on-error-force-close',
    'the hint force-close is 500 and closes, whatever on_error says',
    failing('force-close'),
    /^HTTP\/1\.1 500 [^]*connection: close/,
  ),
]

const CONTEXT_CASES: readonly ProxyCase[] = [
  proxyCase({
    name: 'context',
    proves:
      'each path that an export inspects has the value that the connection and the request say, and no other path is there',
    plugin: request(
      { answer: 'short', body: { echo: 'context' } },
      { inspects: PROXY_CONTEXT.map(({ path }) => path) },
    ),
    check: async ({ exchange }) => {
      const text = await exchange(
        'GET /p/a%20b?q=1&x-tck=v HTTP/1.1\r\nhost: A.test:81\r\nx-tck: one\r\ncookie: a=b; x-tck=c\r\nconnection: close\r\n\r\n',
      )
      const lines = bodyOf(text).trimEnd().split('\n')
      for (const { path, expected } of PROXY_CONTEXT) {
        const found = lines.filter((line) => line.startsWith(`${path}=`)).map((line) => line.slice(path.length + 1))
        assert.ok(found.length <= 1, `${path} is there more than once`)
        assert.match(found[0] ?? '', new RegExp(`^(?:${expected.source})$`), `${path} is ${found[0] ?? 'not there'}`)
      }
      const known = PROXY_CONTEXT.filter(({ path }) => lines.some((line) => line.startsWith(`${path}=`)))
      assert.equal(lines.length, known.length, 'there are other paths than those that were declared')
    },
  }),
  proxyCase({
    name: 'context-undeclared',
    proves: 'an export that inspects nothing is given no context',
    plugin: request({ answer: 'short', body: ['<', { echo: 'context' }, '>'] }),
    check: async ({ exchange }) => assert.equal(bodyOf(await exchange(GET)), '<>'),
  }),
]

/** What proxies that run plugins promise beyond the host of the plugins. */
export const proxyCases: readonly ProxyCase[] = [
  ...HEADER_CASES,
  ...BODY_CASES,
  ...DECISION_CASES,
  ...ERROR_CASES,
  ...CONTEXT_CASES,
]
