import { expect, test } from 'vitest'
import { CertificateTable } from './certificate-table.ts'

const NAMES = [undefined, 'a.test', '*.test', '*.b.test', '*.0.0.1']
const table = new CertificateTable(NAMES.map((sni) => [sni, sni ?? 'default'] as const))
const withoutDefault = new CertificateTable([['*.b.test', 'b'] as const])

test.each([
  [undefined, 'default'],
  ['a.test', 'a.test'],
  ['x.a.test', '*.test'],
  ['x.test', '*.test'],
  ['test', 'default'],
  ['.test', 'default'],
  ['b.test', '*.test'],
  ['x.b.test', '*.b.test'],
  ['x.y.b.test', '*.b.test'],
  ['xb.test', '*.test'],
  ['127.0.0.1', 'default'],
  ['::1', 'default'],
  ['other', 'default'],
])('%s gets %s', (name, expected) => {
  expect(table.select(name)).toBe(expected)
})

test('without a default there is nothing for others', () => {
  expect([undefined, 'b.test', 'a.b.test'].map((name) => withoutDefault.select(name))).toEqual([
    undefined,
    undefined,
    'b',
  ])
})
