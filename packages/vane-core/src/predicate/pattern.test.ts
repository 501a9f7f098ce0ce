import fc from 'fast-check'
import { RE2JS } from 're2js'
import { expect, test } from 'vitest'
import { MAX_PATTERN_BYTES, parsePattern } from 'vane-core'
import { measurePattern } from './measure-pattern.ts'

function compile(text: string): { test(subject: string): boolean } {
  const parsed = parsePattern(text)
  if ('problem' in parsed) throw new Error(parsed.problem.message)
  return parsed.value
}

test.each([
  ['a+b', 'xaab', true],
  ['^/v[0-9]+/', '/v12/users', true],
  ['^/v[0-9]+/$', '/v12/users', false],
  ['(?i)bot\\b', 'GoogleBot/2.1', true],
  ['(?i)bot\\b', 'robots', false],
  ['\\.(?:js|css)$', '/a.css', true],
  ['^\\pL+$', 'größe', true],
  ['^.$', '\u{1f600}', true],
  ['(?P<year>\\d{4})', 'in 2024', true],
  ['', 'anything', true],
])('%s on %s is %s', (pattern, subject, expected) => {
  expect(compile(pattern).test(subject)).toBe(expected)
})

// Each takes a backtracking engine longer than the machine will last.
const EVIL = [
  '(a+)+$',
  '(a|a)*b$',
  '(a|aa)+$',
  '(.*a){20}$',
  '(?:a*)*c',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '(x+x+)+y',
  '[ab]*a[ab]{12}c',
]

test.each(EVIL)('%s is harmless on long texts', (pattern) => {
  const compiled = compile(pattern)
  for (const subject of [`${'a'.repeat(100_000)}!`, `${'x'.repeat(100_000)}!`, `${'ab'.repeat(50_000)}!`]) {
    // The limit of time is the test's: a backtracking engine would need years.
    expect(compiled.test(subject)).toBe(false)
  }
})

test.each([
  ['((a{1000}){1000})'],
  ['(?:(?:a{0,100}b){0,100}){0,100}'],
  ['.{0,1000}'.repeat(400)],
  ['(?:\\pL{500}x){20}'],
  [`(?:${'a'.repeat(100)}){200}`],
])('%s is refused before it is written out', (pattern) => {
  expect(parsePattern(pattern)).toMatchObject({ problem: { code: 'pattern-too-large' } })
})

test('a pattern may have 4 KiB, whatever is in it', () => {
  expect(parsePattern('x'.repeat(MAX_PATTERN_BYTES))).toHaveProperty('value')
  expect(parsePattern('x'.repeat(MAX_PATTERN_BYTES + 1))).toMatchObject({ problem: { code: 'pattern-too-large' } })
  const hosts = Array.from({ length: 300 }, (_, index) => `host${index}\\.te`).join('|')
  expect(parsePattern(hosts)).toHaveProperty('value')
})

test('mistakes are named with their place', () => {
  expect(parsePattern('ab(c')).toMatchObject({ problem: { code: 'invalid-pattern', message: /missing closing \)/ } })
  expect(parsePattern('ab[z-a]c')).toMatchObject({
    problem: { message: 'invalid character class range at offset 3 of the pattern', within: { offset: 3, length: 3 } },
  })
  expect(parsePattern('a\\')).toMatchObject({ problem: { within: { offset: 1, length: 1 } } })
})

test.each([
  [`(?i)${'[\\x{100}-\\x{ffff}]'.repeat(200)}`],
  [`(?i)${'[!-\uffff]'.repeat(200)}`],
  [`(?i)${'\\pL'.repeat(1_000)}`],
  [`(?i)${'[^\\pL\\pN]'.repeat(300)}`],
  ['\\pL'.repeat(1_300)],
])('%s takes too long to compile, and is refused before', (pattern) => {
  expect(parsePattern(pattern)).toMatchObject({ problem: { code: 'pattern-too-large', message: /steps to compile/ } })
})

test('classes of Unicode are for use', () => {
  for (const pattern of [
    '(?i)^[\\pL\\pN_-]+@[\\pL\\pN.-]+$',
    '(?i)[\u00e0-\u017f]',
    '^(\\pL+ ){3}$',
    '(?i)[^\\x{80}-\\x{10ffff}]',
  ]) {
    expect(parsePattern(pattern)).toHaveProperty('value')
  }
})

test('the size of a pattern is never far under what it compiles to', () => {
  const atom = fc.constantFrom('a', '.', '\\d', '[a-c]', '\\pL', '(?:ab|c)', '(x)', '\\Qa.b\\E')
  const repeat = fc.constantFrom('', '*', '+?', '{3}', '{2,5}', '{0,7}', '{4,}')
  const piece = fc.tuple(atom, repeat).map(([one, times]) => one + times)
  const group = fc.tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), repeat)
  const pattern = fc
    .array(
      fc.oneof(
        piece,
        group.map(([parts, times]) => `(?:${parts.join('|')})${times}`),
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(pattern, (text) => {
      // What the engine itself refuses to repeat has no size.
      fc.pre('value' in parsePattern(text))
      // Up to the frame of a program, and what it does for an empty repetition.
      expect(RE2JS.compile(text).programSize()).toBeLessThanOrEqual(measurePattern(text).instructions * 2 + 8)
    }),
    { numRuns: 200 },
  )
})

test('any text is compiled or refused, quickly', () => {
  const tokens = fc.constantFrom(
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '{9}',
    '{1,99}',
    '?',
    '*',
    '+',
    '|',
    '\\',
    '\\p',
    '^',
    '$',
    'a',
    '(?',
    ':',
    '-',
    '\\Q',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(tokens, { maxLength: 60 }).map((parts) => parts.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        const parsed = parsePattern(text)
        if ('problem' in parsed) expect(['invalid-pattern', 'pattern-too-large']).toContain(parsed.problem.code)
      },
    ),
    { numRuns: 2_000 },
  )
})
