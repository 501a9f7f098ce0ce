import { expect, test } from 'vitest'
import { MAX_DURATION_MS, parseDuration } from 'vane-core'

test.each([
  ['1ms', 1],
  ['250ms', 250],
  ['5s', 5_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['24d', MAX_DURATION_MS],
])('%s is %i ms', (text, value) => {
  expect(parseDuration(text)).toEqual({ value })
})

test.each(['', '5', 's', '-1s', '+1s', '1.5s', '1 s', '1S', '1sec', '1s1ms', '0x1s', '1e3ms', '٣s'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toMatchObject({ problem: { code: 'invalid-duration' } })
  },
)

test.each(['0s', '25d', '999999999999999d'])('%s is out of range', (text) => {
  expect(parseDuration(text)).toMatchObject({ problem: { code: 'out-of-range' } })
})
