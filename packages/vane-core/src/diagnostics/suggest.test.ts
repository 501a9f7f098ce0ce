import fc from 'fast-check'
import { expect, test } from 'vitest'
import { suggest } from './suggest.ts'

const KEYS = ['allow_insecure', 'allowed_hosts', 'max_body_size', 'name']

test.each([
  ['allowed_host', 'allowed_hosts'],
  ['alowed_hosts', 'allowed_hosts'],
  ['allowed_hsots', 'allowed_hosts'],
  ['allowedHosts', 'allowed_hosts'],
  ['ALLOWED_HOSTS', 'allowed_hosts'],
  ['max-body-size', 'max_body_size'],
  ['nmae', 'name'],
  ['nam', 'name'],
  ['max_', 'max_body_size'],
])('%s was meant as %s', (word, meant) => {
  expect(suggest(word, KEYS)).toBe(meant)
})

test.each(['', 'zzz', 'allow', 'max', 'port', 'hosts_that_are_allowed', 'x'.repeat(100_000)])(
  'nothing is near %j',
  (word) => {
    expect(suggest(word, KEYS)).toBeUndefined()
  },
)

test('the nearest of several wins, the first among equals', () => {
  expect(suggest('prefx', ['suffix', 'prefix', 'prefixx'])).toBe('prefix')
  expect(suggest('cat', ['bat', 'hat'])).toBe('bat')
})

test('one swap, drop, doubling or replacement of a known word always leads back', () => {
  const word = 'default_follow_redirects'
  fc.assert(
    fc.property(fc.nat(word.length - 2), fc.constantFrom('swap', 'drop', 'double', 'replace'), (at, how) => {
      const head = word.slice(0, at)
      const tail = word.slice(at + 1)
      const broken = {
        swap: `${head}${word[at + 1]}${word[at]}${word.slice(at + 2)}`,
        drop: head + tail,
        double: `${head}${word[at]}${word[at]}${tail}`,
        replace: `${head}#${tail}`,
      }[how]
      expect(suggest(broken, ['max_body_size', word, 'default_timeout_ms'])).toBe(word)
    }),
  )
})
