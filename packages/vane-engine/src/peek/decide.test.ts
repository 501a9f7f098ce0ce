import { expect, test } from 'vitest'
import { COURSES, decideCourse } from './decide.ts'

const KINDS = ['raw', 'http', 'auto'] as const
const PROTOCOLS = ['tls', 'http1', 'http2', 'unknown'] as const

// Written out a second time, as a reader of the documentation would.
test.each([
  ['raw', 'tls', false, 'walk'],
  ['raw', 'http1', false, 'walk'],
  ['raw', 'http2', false, 'walk'],
  ['raw', 'unknown', false, 'walk'],
  ['http', 'tls', true, 'handshake'],
  ['http', 'tls', false, 'close'],
  ['http', 'http1', false, 'serve'],
  ['http', 'http2', false, 'serve'],
  ['http', 'http1', true, 'explain'],
  ['http', 'http2', true, 'explain'],
  ['http', 'unknown', false, 'serve'],
  ['http', 'unknown', true, 'close'],
  ['auto', 'tls', true, 'handshake'],
  ['auto', 'tls', false, 'walk'],
  ['auto', 'http1', true, 'serve'],
  ['auto', 'http1', false, 'serve'],
  ['auto', 'http2', true, 'serve'],
  ['auto', 'http2', false, 'serve'],
  ['auto', 'unknown', true, 'walk'],
  ['auto', 'unknown', false, 'walk'],
] as const)('on a listener of kind %s, %s with certificates %s: %s', (kind, detected, certificates, course) => {
  expect(decideCourse(kind, detected, certificates)).toBe(course)
})

test('exactly one row holds for whatever may come', () => {
  for (const listener of KINDS) {
    for (const detected of PROTOCOLS) {
      for (const certificates of [true, false]) {
        const rows = COURSES.filter(
          (row) =>
            row.listener === listener &&
            row.detected.includes(detected) &&
            (row.certificates ?? certificates) === certificates,
        )
        expect([listener, detected, certificates, rows.length]).toEqual([listener, detected, certificates, 1])
      }
    }
  }
})
