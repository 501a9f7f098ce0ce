import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalisePath } from './normalise-path.ts'

test.each(['/', '/admin', '/a/b/', '/a.b/..c/d..', "/a-._~!$&'()*+,=:@/b", '*'])('leaves %s as it is', (path) =>
  expect(normalisePath(path)).toBe(path),
)

test.each([
  ['/%61dmin', '/admin'],
  ['/%61%64%6D%69%6e', '/admin'],
  ['/%2561dmin', '/admin'],
  ['/%25252561dmin', '/admin'],
  ['/%25%36%31dmin', '/admin'],
  ['/./admin', '/admin'],
  ['/%2e/admin', '/admin'],
  ['/%252e/admin', '/admin'],
  ['/a//admin', '/a/admin'],
  ['/a/%2fadmin', '/a/admin'],
  ['/a%2Fadmin', '/a/admin'],
  ['/a%252fadmin', '/a/admin'],
  ['/a\\admin', '/a/admin'],
  ['/a%5cadmin', '/a/admin'],
  ['/admin;x=1', '/admin'],
  ['/admin;x/y', '/admin/y'],
  ['/admin%3bx/y', '/admin/y'],
  ['/admin%3fx', '/admin'],
  ['/admin%23x', '/admin'],
  ['/a/;x/admin', '/a/admin'],
  ['/a/.;x/admin', '/a/admin'],
  ['/a/.', '/a/'],
  ['/a/;', '/a/'],
  ['/;x', '/'],
  ['/.', '/'],
  ['/100%25', '/100%'],
  ['/100%25/x', '/100%/x'],
  ['/caf%C3%A9', '/caf\xc3\xa9'],
  ['/...', '/...'],
  ['/.well-known/x', '/.well-known/x'],
])('reads %s as %s', (path, expected) => expect(normalisePath(path)).toBe(expected))

test.each([
  '/..',
  '/a/../admin',
  '/a/..',
  '/a/%2e%2e/admin',
  '/a/.%2E/admin',
  '/a/%252e%252e/admin',
  '/a%2f..%2fadmin',
  '/a/..%2fadmin',
  '/a/..\\admin',
  '/a/..%5cadmin',
  '/a/..;/admin',
  '/a/..;x=1/admin',
  '/a/..%3b/admin',
  '//a/admin',
  '//',
  '/\\a/admin',
  '/%2fa/admin',
  '/%5ca/admin',
  '/;/admin',
  '/.//a/admin',
  '/admin%00',
  '/admin%2500',
  '/admin%0a',
  '/admin%7f',
  '/%',
  '/%4',
  '/%zz',
  '/%u0061dmin',
  '/%%34%31',
  '/%c0%afadmin',
  '/%c1%9cadmin',
  '/%e0%80%afadmin',
  '/%f0%80%80%afadmin',
  '/a\nb',
])('finds no one reading of %j', (path) => expect(normalisePath(path)).toBeUndefined())

const PIECES = '/ / \\ a b admin . .. ; x %2f %5C %2e %25 %41 41 %3b %00 ?'.split(' ')
const piece = fc.constantFrom(...PIECES)
const path = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`)

/** What some server behind the proxy does before it compares: any of these, anywhere, or not. */
const STEPS: readonly (readonly [pattern: RegExp, replacement: string | ((found: string) => string)])[] = [
  [/%[0-9a-f]{2}/gi, (found) => String.fromCharCode(Number.parseInt(found.slice(1), 16))],
  [/\\/g, '/'],
  [/;[^/\\]*/g, ''],
  [/(?<!^)\/\/+/g, '/'],
  [/\/\.(?=\/)/g, ''],
]

describe('whatever a server behind the proxy makes of a path', () => {
  const reading = fc.tuple(path, fc.array(fc.tuple(fc.nat(STEPS.length - 1), fc.nat(7)), { maxLength: 4 }))

  test('the path is below that, if that can be compared at all', () => {
    fc.assert(
      fc.property(reading, ([original, steps]) => {
        const expected = normalisePath(original)
        if (expected === undefined) return
        const read = steps.reduce((text, [step, which]) => {
          let at = 0
          const [pattern, replacement] = STEPS[step]!
          return text.replace(pattern, (found) => {
            // One place alone, or all of them.
            if (which !== 0 && at++ !== which - 1) return found
            return typeof replacement === 'string' ? replacement : replacement(found)
          })
        }, original)
        const actual = normalisePath(read)
        // Shorter only where parameters held an escaped slash: some take them away before they decode, some after.
        if (actual !== undefined) expect(isWithin(expected, actual)).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  test('a path that begins with clean segments keeps them', () => {
    const clean = fc.array(fc.constantFrom('a', 'b', 'admin', 'x.y'), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(clean, path, (segments, rest) => {
        const prefix = `/${segments.join('/')}`
        const normal = normalisePath(prefix + rest)
        if (normal !== undefined) expect(isWithin(normal, prefix)).toBe(true)
      }),
    )
  })

  function isWithin(whole: string, start: string): boolean {
    const withSlash = start.endsWith('/') ? start : `${start}/`
    return `${whole}/`.startsWith(withSlash)
  }
})

test('has neither escapes nor separators of another kind left', () => {
  fc.assert(
    fc.property(path, (original) => {
      const normal = normalisePath(original)
      if (normal !== undefined) expect(normal).not.toMatch(/%[0-9a-f]{2}|[\\;?#]|\/\/|\/\.{1,2}(?:\/|$)/i)
    }),
  )
})

test('nested escapes cost one pass', () => {
  expect(normalisePath(`/%${'25'.repeat(500_000)}41`)).toBe('/A')
})
