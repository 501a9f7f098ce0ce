import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkPathLiteral } from './check-path-literal.ts'
import { normalisePath } from './normalise-path.ts'

test.each(['/', '/admin', '/admin/', '/.well-known', '/100%', '/a b', '/café', '/\\x{E9}', '*'])('takes %s', (text) => {
  expect(checkPathLiteral(text, 'whole')).toBeUndefined()
})

test.each([
  ['/%61dmin', '/admin'],
  ['/caf%C3%A9', '/café'],
  ['/a\\b', '/a/b'],
  ['/a;b', '/a'],
  ['/a?b=c', '/a'],
  ['/a//b', '/a/b'],
  ['/a/./b', '/a/b'],
  ['/a/.', '/a/'],
])('suggests for %s what it is compared as', (text, meant) => {
  expect(checkPathLiteral(text, 'whole')).toMatchObject({
    code: 'unmatchable-path',
    suggestion: `write ${JSON.stringify(meant)}`,
  })
})

test.each(['/a/../b', '/..', '//a', 'admin', '', '/a\n'])('has nothing to suggest for %j', (text) => {
  const problem = checkPathLiteral(text, 'whole')
  expect(problem?.code).toBe('unmatchable-path')
  expect(problem?.suggestion).toBeUndefined()
})

test.each(['', '.', '..', 'dmin', '/.', '/..', '/a/.'])('takes %j for a stretch of a path', (text) => {
  expect(checkPathLiteral(text, 'part')).toBeUndefined()
})

test('takes whatever a path can be compared as, and every stretch of it', () => {
  const piece = fc.constantFrom('/', '.', '..', 'a', '%', '%25', '%41', '\\', ';', 'é')
  fc.assert(
    fc.property(fc.array(piece), fc.nat(), fc.nat(), (pieces, from, length) => {
      const wire = Buffer.from(`/${pieces.join('')}`, 'utf8').toString('latin1')
      const normal = normalisePath(wire)
      fc.pre(normal !== undefined)
      const text = Buffer.from(normal, 'latin1').toString('utf8')
      expect(checkPathLiteral(text, 'whole')).toBeUndefined()
      expect(checkPathLiteral(text.slice(from % text.length).slice(0, length), 'part')).toBeUndefined()
    }),
  )
})
