import fc from 'fast-check'
import { PLUGIN_KINDS } from 'vane-core'
import { expect, test } from 'vitest'

import { CHECK_DECISION } from './check-decision.ts'

const SHORT = { status: 200, headers: [], body: new Uint8Array() }

test.each([
  ['l4-peek', { tag: 'tunnel' }],
  ['l4-peek', { tag: 'abort' }],
  ['l4-bytes', { tag: 'short', val: SHORT }],
  ['l7-request', { tag: 'modify', val: {} }],
  ['l7-request', { tag: 'short' }],
  ['l7-request', { tag: 'short', val: { ...SHORT, status: '200' } }],
  ['l7-request', { tag: 'short', val: { ...SHORT, status: 200.5 } }],
  ['l7-request', { tag: 'short', val: { ...SHORT, body: 'text' } }],
  ['l7-request', { tag: 'short', val: { ...SHORT, headers: undefined } }],
  ['l7-response', { tag: 'close' }],
  ['l7-response', { tag: 'modify', val: { status: 99 } }],
  ['l7-response', { tag: 'modify', val: { headers: 1 } }],
  ['l7-response', { tag: 'modify', val: { body: [1] } }],
  ['l7-response', undefined],
] as const)('%s does not take %j', (kind, value) => {
  expect(CHECK_DECISION[kind](value)).toMatch(/^answered /)
})

test('anything at all is a decision of the kind or a reason', () => {
  const tag = fc.constantFrom('continue', 'close', 'tunnel', 'short', 'modify', 'abort', 'x')
  const val = fc.oneof(fc.anything(), fc.record({ status: fc.anything(), headers: fc.anything(), body: fc.anything() }))
  fc.assert(
    fc.property(fc.constantFrom(...PLUGIN_KINDS), fc.oneof(fc.anything(), fc.record({ tag, val })), (kind, value) => {
      const checked = CHECK_DECISION[kind](value)
      if (typeof checked === 'string') expect(checked).toMatch(/^answered /)
      else expect(checked.decision.tag).toBe((value as { tag: string }).tag)
    }),
  )
})
