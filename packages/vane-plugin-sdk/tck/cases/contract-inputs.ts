import assert from 'node:assert/strict'

import type { BytesView, Header, MiddlewareKind } from 'vane-plugin-sdk'

import { bodyOf, reportOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import { REQUEST, type Trial } from '../case/trial.ts'
import type { FixtureExport, WatPluginSpec } from '../plugin/spec.ts'
import { AMPLE, CONTEXT, CONTEXT_REPORT, KINDS, reported, REPORTER } from './reporter.ts'

const HEADERS: Header[] = [
  { name: 'accept', value: 'a' },
  { name: 'x-twice', value: '1' },
  { name: 'x-twice', value: '2' },
  { name: 'x-empty', value: '' },
  { name: 'x-escaped', value: 'caf\\x{E9} ä' },
]
const HEADER_REPORT = HEADERS.map(({ name, value }) => `${name}: ${value}\n`).join('')

const VIEWS: readonly (readonly [name: string, body: BytesView | undefined, truncated: string, report: string])[] = [
  ['none', undefined, 'none', 'none'],
  ['empty', { data: new Uint8Array(), truncated: false }, 'false', ''],
  ['whole', { data: bytes('body ä'), truncated: false }, 'false', 'body ä'],
  ['truncated', { data: bytes('body'), truncated: true }, 'true', 'body'],
]

/** What an export is shown at most: by default, and by what the operator says. */
const BODY_LIMITS: readonly (readonly [name: string, shown: number, maxBodyBytes?: number])[] = [
  ['l7', 1_048_576],
  ['l7-lower', 5000, 5000],
  ['l7-higher', 1_500_000, 1_500_000],
  ['l4', 65_536],
  ['l4-lower', 10, 10],
  ['l4-higher', 70_000, 70_000],
]

/** Reports the length of the body, and whether it was truncated. */
function measuring(kind: MiddlewareKind): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'x', kind, needsBody: true }] },
    handlers: {
      [kind]: [
        { do: 'wat', code: '(global.set $grown (local.get $body_len))' },
        { answer: 'error', message: [{ echo: 'grown' }, ' ', { echo: 'truncated' }] },
      ],
    },
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function site(trial: Trial, kind: MiddlewareKind): ReturnType<Trial['site']> {
  return trial.site(REPORTER, { ...AMPLE, name: `the-${kind}` })
}

interface Expected {
  readonly kind: MiddlewareKind
  readonly method?: string
  readonly uri?: string
  readonly status?: string
  readonly headers?: string
  readonly truncated?: string
  readonly body?: string
  readonly context?: string
}

function report(expected: Expected): string {
  const {
    kind,
    method = '-',
    uri = '-',
    status = '-',
    headers = '-',
    truncated = '-',
    body = '-',
    context = '',
  } = expected
  return `name=the-${kind}|method=${method}|uri=${uri}|status=${status}|headers=${headers}|truncated=${truncated}|body=${body}|context=${context}|`
}

/** What handlers are given. */
export const INPUT_CASES: readonly TckCase[] = [
  {
    name: 'contract/input-l4-peek',
    proves: 'an l4-peek handler is given the peeked bytes and the context, every field as it is',
    run: async (trial) => {
      const { call } = await site(trial, 'l4-peek')
      const outcome = await call('l4-peek', { peek: bytes('GET /'), context: CONTEXT })
      assert.equal(reported(outcome), report({ kind: 'l4-peek', body: 'GET /', context: CONTEXT_REPORT }))
      const empty = await call('l4-peek', { peek: new Uint8Array(), context: [] })
      assert.equal(reported(empty), report({ kind: 'l4-peek', body: '' }))
    },
  },
  {
    name: 'contract/input-l4-bytes',
    proves: 'an l4-bytes handler is given the bytes, whether there were more, and the context',
    run: async (trial) => {
      const { call } = await site(trial, 'l4-bytes')
      for (const [, view, truncated, body] of VIEWS) {
        if (view === undefined) continue
        const outcome = await call('l4-bytes', { bytes: view, context: CONTEXT })
        assert.equal(reported(outcome), report({ kind: 'l4-bytes', truncated, body, context: CONTEXT_REPORT }))
      }
    },
  },
  ...VIEWS.flatMap(([name, view, truncated, body]): TckCase[] => [
    {
      name: `contract/input-l7-request-body-${name}`,
      proves: `an l7-request handler is given method, URI, headers in order, a body that is ${name}, and the context`,
      run: async (trial) => {
        const { call } = await site(trial, 'l7-request')
        const input = { method: 'PATCH', uri: '/a?b=ä', headers: HEADERS, body: view, context: CONTEXT }
        const expected = {
          method: 'PATCH',
          uri: '/a?b=ä',
          headers: HEADER_REPORT,
          truncated,
          body,
          context: CONTEXT_REPORT,
        }
        assert.equal(reported(await call('l7-request', input)), report({ kind: 'l7-request', ...expected }))
      },
    },
    {
      name: `contract/input-l7-response-body-${name}`,
      proves: `an l7-response handler is given status, headers in order, a body that is ${name}, and the context`,
      run: async (trial) => {
        const { call } = await site(trial, 'l7-response')
        const input = { status: 599, headers: HEADERS, body: view, context: CONTEXT }
        const expected = { status: '599', headers: HEADER_REPORT, truncated, body, context: CONTEXT_REPORT }
        assert.equal(reported(await call('l7-response', input)), report({ kind: 'l7-response', ...expected }))
      },
    },
  ]),
  {
    name: 'contract/input-large',
    proves:
      'a body of 600 KiB, a thousand headers and a context of a hundred entries reach a plugin that has room for them',
    run: async (trial) => {
      const counting: WatPluginSpec = {
        metadata: { exports: [{ name: 'x', kind: 'l7-request', needsBody: true }] },
        handlers: {
          'l7-request': [
            {
              do: 'wat',
              code: '(global.set $grown (i32.add (local.get $body_len) (i32.add (local.get $headers_len) (local.get $context_len))))',
            },
            { answer: 'short', body: { echo: 'grown' } },
          ],
        },
      }
      const { call } = await trial.site(counting, { limits: { cpuMsPerCall: 1000 } })
      const outcome = await call('l7-request', {
        ...REQUEST,
        headers: Array.from({ length: 1000 }, (_, n) => ({ name: `h${n}`, value: `v${n}` })),
        body: { data: new Uint8Array(614_400).fill(97), truncated: true },
        context: Array.from({ length: 100 }, (_, n) => ({ path: `p${n}`, value: { tag: 'text', val: 'v' } })),
      })
      assert.equal(bodyOf(outcome), String(614_400 + 1000 + 100))
    },
  },
  {
    name: 'contract/body-not-asked-for',
    proves: 'an export without needs-body is given none, whatever body there is',
    run: async (trial) => {
      const exports = KINDS.map((kind): FixtureExport => ({ name: `the-${kind}`, kind }))
      const loaded = await trial.load({ ...REPORTER, metadata: { exports } })
      const body = { data: bytes('secret'), truncated: false }
      const request = await trial.open(loaded, { name: 'the-l7-request', setup: AMPLE })
      assert.match(reported(await request.call('l7-request', { ...REQUEST, body })), /\|truncated=none\|body=none\|/)
      const response = await trial.open(loaded, { name: 'the-l7-response', setup: AMPLE })
      const input = { status: 200, headers: [], body, context: [] }
      assert.match(reported(await response.call('l7-response', input)), /\|truncated=none\|body=none\|/)
    },
  },
  ...BODY_LIMITS.map(([name, given, maxBodyBytes]): TckCase => ({
    name: `contract/body-limit-${name}`,
    proves: `a body beyond ${maxBodyBytes ?? 'the limit'} bytes is cut there and marked as truncated; one that is not is neither`,
    run: async (trial) => {
      const kinds = name.startsWith('l4') ? (['l4-bytes'] as const) : (['l7-request', 'l7-response'] as const)
      for (const kind of kinds) {
        const site = await trial.site(measuring(kind), {
          limits: { cpuMsPerCall: 1000, memoryMb: 4, ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }) },
        })
        for (const [length, truncated] of [
          [given, 'false'],
          [given + 1, 'true'],
        ] as const) {
          const view = { data: new Uint8Array(length).fill(97), truncated: false }
          const message = { headers: [], body: view, context: [] }
          const outcome =
            kind === 'l4-bytes'
              ? await site.call(kind, { bytes: view, context: [] })
              : kind === 'l7-request'
                ? await site.call(kind, { ...REQUEST, ...message })
                : await site.call(kind, { status: 200, ...message })
          assert.equal(reportOf(outcome), `${given} ${truncated}`)
        }
      }
    },
  })),
  {
    name: 'contract/name',
    proves: 'one component may carry many exports of a kind: handle is told which one is meant',
    run: async (trial) => {
      const spec: WatPluginSpec = {
        metadata: {
          exports: ['first', 'zweite ä', 'the "third"'].map((name): FixtureExport => ({ name, kind: 'l7-request' })),
        },
        handlers: { 'l7-request': { answer: 'short', body: { echo: 'name' } } },
      }
      const loaded = await trial.load(spec)
      for (const { name } of loaded.metadata.exports) {
        assert.equal(bodyOf(await (await trial.open(loaded, { name })).request('/')), name)
      }
    },
  },
]
