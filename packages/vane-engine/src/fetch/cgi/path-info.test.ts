import { describe, expect, test } from 'vitest'
import { PathInfo } from './path-info.ts'

test.each([
  ['/app', ''],
  ['/app/', '/'],
  ['/app/x%20y', '/x y'],
  ['/app//x', '//x'],
  ['/app/%C3%A4/\xc3\xb6', '/ä/ö'],
  // What a rule for `/app` lets through as well.
  ['/%61pp/x', '/x'],
  ['/%2561pp/x', '/x'],
  ['/./app/x', '/x'],
  ['/app;v=1/x', '/x'],
  ['/app;/', '/'],
  ['/app/x;v=1', '/x;v=1'],
  ['/app/100%25', '/100%'],
])('%s is below /app: %j', (path, expected) => {
  expect(new PathInfo('/app').of(path)).toBe(expected)
})

test.each(['/', '/ap', '/appx', '/App', '/x/app', '/app%78', '*'])('%s is not below /app', (path) => {
  expect(new PathInfo('/app').of(path)).toBeUndefined()
})

test.each([
  ['/app/../x', 'more than one way'],
  ['//app/x', 'more than one way'],
  ['/app/%2e%2e/x', 'more than one way'],
  ['/app/%', 'more than one way'],
  ['/app/a%2fb', 'slash'],
  ['/app/./x', 'dot segments'],
  ['/app/%ff', 'UTF-8'],
  ['/app%2fx', 'separated'],
  ['/app\\x', 'separated'],
])('%s is refused', (path, reason) => {
  expect(() => new PathInfo('/app').of(path)).toThrow(reason)
})

describe('other mounts', () => {
  test('the root has everything', () => {
    expect(new PathInfo('').of('/x/%61')).toBe('/x/a')
    expect(new PathInfo('').of('/')).toBe('/')
  })

  test('several segments, and letters beyond ASCII', () => {
    expect(new PathInfo('/a/ä').of('/%61/./%C3%A4;x/y')).toBe('/y')
    expect(new PathInfo('/a/ä').of('/a/\xc3\xa4')).toBe('')
  })
})
