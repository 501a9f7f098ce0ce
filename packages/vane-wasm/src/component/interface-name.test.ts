import { expect, test } from 'vitest'

import { isCompatibleVersion, parseInterfaceName, parseVersion } from './interface-name.ts'

test.each([
  ['vane:host/host@0.1.0', 'vane:host/host', 'vane:host', { major: 0, minor: 1, patch: 0 }],
  ['wasi:io/streams@0.2', 'wasi:io/streams', 'wasi:io', { major: 0, minor: 2, patch: 0 }],
  ['a:b-c/d-2', 'a:b-c/d-2', 'a:b-c', undefined],
])('%s', (text, id, packageId, version) => {
  expect(parseInterfaceName(text)).toEqual({ id, packageId, version })
})

test.each([
  '',
  'host',
  'vane:host',
  'vane:host/host@',
  'vane:host/host@0.1.0-rc',
  'vane:host/host@0.1.0+x',
  'vane:host/host@01.0.0',
  'a:b/c/d',
  'a:b/c@1',
  "a:b/c'@1.0.0",
  'a:b/c@1.0.0\n',
])('%j is no interface', (text) => {
  expect(parseInterfaceName(text)).toBeUndefined()
})

test.each([
  ['0.1.0', '0.1.9', true],
  ['0.1.0', '0.2.0', false],
  ['1.0.0', '1.9.0', true],
  ['1.0.0', '2.0.0', false],
  ['0.1.0', '1.1.0', false],
])('%s and %s are compatible: %o', (a, b, expected) => {
  expect(isCompatibleVersion(parseVersion(a)!, parseVersion(b)!)).toBe(expected)
  expect(isCompatibleVersion(parseVersion(b)!, parseVersion(a)!)).toBe(expected)
})
