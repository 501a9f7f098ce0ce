import assert from 'node:assert/strict'

import type { ProxyCase } from '../case/proxy-case.ts'
import type { Handler } from '../plugin/spec.ts'
import { bodyOf, GET, headOf, proxyCase, request, response } from './proxy-way.ts'

const MIB = 1_048_576

/** Header names and values both ways, and what the proxy keeps for itself. */
export const HEADER_CASES: readonly ProxyCase[] = [
  proxyCase({
    name: 'headers-in',
    proves:
      'a plugin is given names in lower case, repeated headers as repeated entries in order, and bytes that are not UTF-8 as \\x{HH}',
    plugin: request({ answer: 'short', body: { echo: 'headers' } }),
    check: async ({ exchange }) => {
      const text = await exchange(
        'GET / HTTP/1.1\r\nHost: a.test\r\nX-Twice: 1\r\nX-Bytes: caf\xe9 \xc3\xa9\r\nx-twice: 2\r\nX-EMPTY:\r\nconnection: close\r\n\r\n',
      )
      const lines = bodyOf(text).split('\n')
      assert.deepEqual(
        lines.filter((line) => line.startsWith('x-')),
        ['x-twice: 1', 'x-bytes: caf\\x{E9} \xc3\xa9', 'x-twice: 2', 'x-empty: '],
      )
    },
  }),
  proxyCase({
    name: 'headers-of-responses-in',
    proves: 'a response’s headers reach a plugin in the same way',
    plugin: response({ answer: 'modify', body: { echo: 'headers' } }),
    setup: {
      upstream:
        'HTTP/1.1 200 OK\r\nX-Twice: 1\r\nX-Bytes: \xff\r\nx-twice: 2\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
    },
    check: async ({ exchange }) => {
      const lines = bodyOf(await exchange(GET)).split('\n')
      assert.deepEqual(
        lines.filter((line) => line.startsWith('x-')),
        ['x-twice: 1', 'x-bytes: \\x{FF}', 'x-twice: 2'],
      )
    },
  }),
  proxyCase({
    name: 'headers-out',
    proves:
      'names that a plugin gives back go out in lower case, \\x{HH} as that byte, and repeated entries as repeated headers',
    plugin: request({
      answer: 'short',
      headers: [
        ['X-Mixed', 'ä'],
        ['x-byte', 'caf\\x{E9}'],
        ['x-mixed', '2'],
      ],
    }),
    check: async ({ exchange }) => {
      const head = headOf(await exchange(GET)).split('\r\n')
      assert.deepEqual(
        head.filter((line) => line.startsWith('x-')),
        ['x-mixed: \xc3\xa4', 'x-byte: caf\xe9', 'x-mixed: 2'],
      )
    },
  }),
  proxyCase({
    name: 'framing',
    proves: 'framing and hop-by-hop fields that a plugin sets are dropped: what is written is framed by the proxy',
    plugin: request({
      answer: 'short',
      headers: [
        ['content-length', '99'],
        ['Transfer-Encoding', 'chunked'],
        ['connection', 'x-hop'],
        ['x-hop', '1'],
        ['upgrade', 'h2c'],
        ['x-kept', '1'],
      ],
      body: 'tea',
    }),
    check: async ({ exchange }) => {
      const text = await exchange(GET)
      assert.match(headOf(text), /\r\ncontent-length: 3(\r\n|$)/)
      assert.doesNotMatch(headOf(text), /chunked|x-hop|h2c|99/)
      assert.match(headOf(text), /x-kept: 1/)
      assert.equal(bodyOf(text), 'tea')
    },
  }),
  proxyCase({
    name: 'request-line',
    proves:
      'a plugin is given the method in upper case and the target in origin form, also where it came in absolute form',
    plugin: request({ answer: 'short', body: [{ echo: 'method' }, ' ', { echo: 'uri' }] }),
    check: async ({ exchange }) => {
      assert.equal(bodyOf(await exchange(GET)), 'GET /p?q=1')
      const absolute = 'PATCH http://a.test/b%20c?d HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n'
      assert.equal(bodyOf(await exchange(absolute)), 'PATCH /b%20c?d')
    },
  }),
]

function post(length: number): string {
  return `POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${'b'.repeat(length)}`
}

/** What a body looks like: its length, or `none`, and whether it was truncated. */
const MEASURE: Handler = [
  { do: 'wat', code: '(global.set $grown (select (local.get $body_len) (i32.const -1) (local.get $body_some)))' },
  { answer: 'short', body: [{ echo: 'grown' }, ' ', { echo: 'truncated' }] },
]

/** Bodies: whether they are shown, how much of them, and that they go on whole. */
export const BODY_CASES: readonly ProxyCase[] = [
  proxyCase({
    name: 'body-not-asked-for',
    proves: 'an export without needs-body is given none, and the body reaches the upstream whole',
    plugin: request([{ do: 'count' }, { answer: 'continue' }]),
    check: async ({ exchange, upstreamRequests }) => {
      assert.equal(bodyOf(await exchange(post(5000))), 'upstream')
      assert.ok(upstreamRequests[0]?.endsWith('b'.repeat(5000)))
    },
  }),
  proxyCase({
    name: 'body-none-without-needs-body',
    proves: 'an export without needs-body sees that there is none',
    plugin: request(MEASURE),
    check: async ({ exchange }) => assert.equal(bodyOf(await exchange(post(10))), '-1 none'),
  }),
  proxyCase({
    name: 'body-whole',
    proves: 'an export with needs-body is given the body up to 1 MiB',
    plugin: request(MEASURE, { needsBody: true }),
    check: async ({ exchange }) => {
      assert.equal(bodyOf(await exchange(post(10))), '10 false')
      assert.equal(bodyOf(await exchange(GET)), '0 false')
      assert.equal(bodyOf(await exchange(post(MIB))), `${MIB} false`)
    },
  }),
  proxyCase({
    name: 'body-truncated',
    proves: 'of a body beyond 1 MiB a plugin is given the first of it, and told so',
    plugin: request(MEASURE, { needsBody: true }),
    check: async ({ exchange }) => assert.equal(bodyOf(await exchange(post(MIB + 1))), `${MIB} true`),
  }),
  proxyCase({
    name: 'body-goes-on-whole',
    proves: 'what a plugin was shown of a body changes nothing about it: the upstream is sent all',
    plugin: request({ answer: 'continue' }, { needsBody: true }),
    check: async ({ exchange, upstreamRequests }) => {
      assert.equal(bodyOf(await exchange(post(MIB + 1))), 'upstream')
      assert.ok(upstreamRequests[0]?.endsWith('b'.repeat(MIB + 1)))
    },
  }),
]
