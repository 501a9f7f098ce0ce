import { expect, test } from 'vitest'
import { isLoopback, toAddressKey } from './address-key.ts'

test('an IPv4 address counts by itself, in IPv6 clothes too', () => {
  expect([toAddressKey('192.0.2.1'), toAddressKey('::ffff:192.0.2.1')]).toEqual(['192.0.2.1', '192.0.2.1'])
  expect(toAddressKey('192.0.2.2')).not.toBe(toAddressKey('192.0.2.1'))
})

test('an IPv6 address counts with its whole /64, in every spelling', () => {
  const key = toAddressKey('2001:db8:1:2::1')
  expect(toAddressKey('2001:0DB8:1:2:ffff:ffff:ffff:ffff')).toBe(key)
  expect(toAddressKey('2001:db8:1:3::1')).not.toBe(key)
  expect(toAddressKey('fe80::1%eth0')).toBe(toAddressKey('fe80::2'))
})

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['128.0.0.1', false],
  ['::2', false],
  ['1::1', false],
  ['::ffff:10.0.0.1', false],
])('%s is this machine: %s', (ip, expected) => {
  expect(isLoopback(ip)).toBe(expected)
})
