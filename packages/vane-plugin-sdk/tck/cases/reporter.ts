import type { ContextEntry, ContextValue, MiddlewareKind } from 'vane-plugin-sdk'

import { assertDecision, bodyOf, reportOf } from '../case/outcomes.ts'
import type { Outcome } from '../host/host.ts'
import type { FixtureExport, Source, WatPluginSpec } from '../plugin/spec.ts'

/** Every kind of export, in the order of the contract. */
export const KINDS: readonly MiddlewareKind[] = ['l4-peek', 'l4-bytes', 'l7-request', 'l7-response']

/** CPU time for plugins that have much to tell. */
export const AMPLE = { limits: { cpuMsPerCall: 200 } } as const

/** Everything that a handler can tell of its input. */
const REPORT: readonly Source[] = (
  ['name', 'method', 'uri', 'status', 'headers', 'truncated', 'body', 'context'] as const
).map((echo) => [`${echo}=`, { echo }, '|'])

/** A plugin with an export of each kind, all of which report. */
export const REPORTER: WatPluginSpec = {
  metadata: {
    name: 'reporter',
    exports: KINDS.map((kind): FixtureExport => ({ name: `the-${kind}`, kind, needsBody: true })),
  },
  handlers: {
    'l4-peek': { answer: 'error', message: [...REPORT] },
    'l4-bytes': { answer: 'error', message: [...REPORT] },
    'l7-request': { answer: 'short', body: [...REPORT] },
    'l7-response': { answer: 'modify', body: [...REPORT] },
  },
}

/** One value of each case of `context-value`, and then their extremes. */
export const VALUES: readonly (readonly [value: ContextValue, report: string])[] = [
  [{ tag: 'text', val: 'tëxt 😀' }, 'text:tëxt 😀'],
  [{ tag: 'text', val: '' }, 'text:'],
  [{ tag: 'bytes', val: Uint8Array.of(0, 127, 128, 255) }, 'bytes:007f80ff'],
  [{ tag: 'bytes', val: new Uint8Array() }, 'bytes:'],
  [{ tag: 'int64', val: -(2n ** 63n) }, 'int64:-9223372036854775808'],
  [{ tag: 'int64', val: 2n ** 63n - 1n }, 'int64:9223372036854775807'],
  [{ tag: 'uint64', val: 2n ** 64n - 1n }, 'uint64:18446744073709551615'],
  [{ tag: 'uint64', val: 0n }, 'uint64:0'],
  [{ tag: 'boolean', val: true }, 'boolean:1'],
  [{ tag: 'boolean', val: false }, 'boolean:0'],
  [{ tag: 'list-text', val: ['a.test', '', 'ä.test'] }, 'list-text:a.test,,ä.test'],
  [{ tag: 'list-text', val: [] }, 'list-text:'],
]

/** All of them, at the paths `p0`, `p1` and so on. */
export const CONTEXT: ContextEntry[] = VALUES.map(([value], index) => ({ path: `p${index}`, value }))

/** What {@link REPORTER} says of them. */
export const CONTEXT_REPORT: string = VALUES.map(([, report], index) => `p${index}=${report}\n`).join('')

/** The body that an answer of any kind carries. */
export function reported(outcome: Outcome): string {
  if (outcome.tag === 'error') return reportOf(outcome)
  const { decision } = assertDecision(outcome)
  if (decision.tag !== 'modify') return bodyOf(outcome)
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(decision.val.body ?? new Uint8Array())
}
