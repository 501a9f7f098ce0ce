import { expect, test } from 'vitest'
import { EMPTY_BODY, toBody } from './body.ts'

test('no bytes are the one empty body', () => {
  expect(toBody(new Uint8Array(0))).toBe(EMPTY_BODY)
  expect(EMPTY_BODY).toEqual({ kind: 'empty' })
})

test('bytes are wrapped, not copied', () => {
  const bytes = Uint8Array.of(1, 2)
  const body = toBody(bytes)
  expect(body.kind === 'fixed' && body.bytes).toBe(bytes)
})
