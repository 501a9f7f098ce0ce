import assert from 'node:assert/strict'

import type { MiddlewareKind } from 'vane-plugin-sdk'

import { assertDecision } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import { REQUEST } from '../case/trial.ts'
import type { Inputs } from '../host/host.ts'
import type { Answer } from '../plugin/spec.ts'
import { KINDS } from './reporter.ts'

/** An input of each kind that nothing is special about. */
const INPUTS: Inputs = {
  'l4-peek': { peek: new Uint8Array(), context: [] },
  'l4-bytes': { bytes: { data: new Uint8Array(), truncated: false }, context: [] },
  'l7-request': REQUEST,
  'l7-response': { status: 200, headers: [], context: [] },
}

function decides(kind: MiddlewareKind, what: string, answer: Answer, decision: unknown): TckCase {
  return {
    name: `contract/decision-${kind}-${what}`,
    proves: `${kind} can decide ${what}`,
    run: async (trial) => {
      const { call } = await trial.site({
        metadata: { exports: [{ name: 'x', kind }] },
        handlers: { [kind]: answer },
      })
      const outcome = assertDecision(await call(kind, INPUTS[kind]))
      assert.deepEqual(withoutUndefined(outcome.decision), decision)
    },
  }
}

/** None may be said by leaving a property out as well as by undefined, and bytes come as whatever holds bytes. */
function withoutUndefined(value: unknown): unknown {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined && entry !== null)
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutUndefined(entry)]))
}

/** Each of the eight ways in which the parts of a modified response can be there or not. */
const MODIFICATIONS: readonly TckCase[] = Array.from({ length: 8 }, (_, bits) => {
  const parts = {
    ...(bits & 1 ? { status: 299 } : {}),
    ...(bits & 2 ? { headers: [['x-a', 'b'] as const, ['x-a', 'c'] as const] } : {}),
    ...(bits & 4 ? { body: 'changed' } : {}),
  }
  const given = Object.keys(parts).join('-and-') || 'nothing'
  const { headers, ...rest } = parts
  const val = headers === undefined ? rest : { ...rest, headers: headers.map(([name, value]) => ({ name, value })) }
  return decides('l7-response', `modify-${given}`, { answer: 'modify', ...parts }, { tag: 'modify', val })
})

/** What handlers decide. */
export const DECISION_CASES: readonly TckCase[] = [
  decides('l4-peek', 'continue', { answer: 'continue' }, { tag: 'continue' }),
  decides('l4-peek', 'close', { answer: 'close' }, { tag: 'close' }),
  decides('l4-bytes', 'continue', { answer: 'continue' }, { tag: 'continue' }),
  decides('l4-bytes', 'tunnel', { answer: 'tunnel' }, { tag: 'tunnel' }),
  decides('l4-bytes', 'close', { answer: 'close' }, { tag: 'close' }),
  decides('l7-request', 'continue', { answer: 'continue' }, { tag: 'continue' }),
  decides('l7-request', 'close', { answer: 'close' }, { tag: 'close' }),
  decides(
    'l7-request',
    'short',
    { answer: 'short', status: 418, headers: [['x-a', 'b']], body: 'tea' },
    { tag: 'short', val: { status: 418, headers: [{ name: 'x-a', value: 'b' }], body: 'tea' } },
  ),
  decides(
    'l7-request',
    'short-with-nothing',
    { answer: 'short', status: 100 },
    { tag: 'short', val: { status: 100, headers: [], body: '' } },
  ),
  decides('l7-response', 'continue', { answer: 'continue' }, { tag: 'continue' }),
  decides('l7-response', 'abort', { answer: 'abort' }, { tag: 'abort' }),
  ...MODIFICATIONS,
  decides(
    'l7-request',
    'short-with-names-in-any-case',
    {
      answer: 'short',
      headers: [
        ['X-Mixed-Case', 'Kept'],
        ['ETAG', '"1"'],
      ],
    },
    {
      tag: 'short',
      val: {
        status: 200,
        headers: [
          { name: 'x-mixed-case', value: 'Kept' },
          { name: 'etag', value: '"1"' },
        ],
        body: '',
      },
    },
  ),
  decides(
    'l7-request',
    'short-with-fields-of-the-host',
    {
      answer: 'short',
      headers: [
        ['Content-Length', '5'],
        ['transfer-encoding', 'chunked'],
        ['connection', 'x-hop, close'],
        ['keep-alive', '1'],
        ['upgrade', 'h2c'],
        ['te', 'trailers'],
        ['trailer', 'x'],
        ['proxy-connection', 'a'],
        ['X-Hop', '1'],
        ['x-kept', '2'],
      ],
    },
    { tag: 'short', val: { status: 200, headers: [{ name: 'x-kept', value: '2' }], body: '' } },
  ),
]

/** What handlers report as errors of their own. */
export const ERROR_CASES: readonly TckCase[] = KINDS.map((kind) => ({
  name: `contract/error-${kind}`,
  proves: `a plugin-error of ${kind} arrives with its code, its message, and each hint that there is; the instance lives on`,
  run: async (trial) => {
    for (const hint of [undefined, 'force-close', 'internal']) {
      const answer = {
        answer: 'error',
        code: { echo: 'counter' },
        message: 'why ä',
        ...(hint === undefined ? {} : { hint }),
      } as const
      const { call } = await trial.site(
        {
          metadata: { exports: [{ name: 'x', kind, stateless: false }] },
          handlers: { [kind]: [{ do: 'count' }, answer] },
        },
        { limits: { pool: 1 } },
      )
      for (const code of ['1', '2']) {
        const expected = { tag: 'error', code, message: 'why ä', ...(hint === undefined ? {} : { hint }) }
        assert.deepEqual(withoutUndefined(await call(kind, INPUTS[kind])), expected)
      }
    }
  },
}))
