import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressScope, isPrivateAddress, type AddressScope } from './address-scope.ts'

test.each<[string, AddressScope]>([
  ['8.8.8.8', 'public'],
  ['1.1.1.1', 'public'],
  ['9.255.255.255', 'public'],
  ['10.0.0.0', 'private'],
  ['10.255.255.255', 'private'],
  ['11.0.0.0', 'public'],
  ['0.0.0.0', 'unspecified'],
  ['0.0.0.1', 'reserved'],
  ['100.63.255.255', 'public'],
  ['100.64.0.0', 'shared'],
  ['100.127.255.255', 'shared'],
  ['100.128.0.0', 'public'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.255', 'loopback'],
  ['128.0.0.0', 'public'],
  ['169.254.169.254', 'link-local'],
  ['169.253.255.255', 'public'],
  ['172.15.255.255', 'public'],
  ['172.16.0.0', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.0', 'public'],
  ['192.0.0.8', 'reserved'],
  ['192.0.2.1', 'reserved'],
  ['192.0.1.1', 'public'],
  ['192.88.99.1', 'reserved'],
  ['192.167.255.255', 'public'],
  ['192.168.0.0', 'private'],
  ['192.169.0.0', 'public'],
  ['198.17.255.255', 'public'],
  ['198.18.0.0', 'reserved'],
  ['198.19.255.255', 'reserved'],
  ['198.20.0.0', 'public'],
  ['198.51.100.1', 'reserved'],
  ['203.0.113.1', 'reserved'],
  ['223.255.255.255', 'public'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.0', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::2', 'reserved'],
  ['2606:4700:4700::1111', 'public'],
  ['2a00::1', 'public'],
  ['3ffe::1', 'public'],
  ['fe80::1', 'link-local'],
  ['febf::1%eth0', 'link-local'],
  ['fec0::1', 'private'],
  ['fc00::1', 'unique-local'],
  ['fdff::1', 'unique-local'],
  ['ff02::1', 'multicast'],
  ['2001::1', 'reserved'],
  ['2001:1ff::1', 'reserved'],
  ['2001:200::1', 'public'],
  ['2001:db8::1', 'reserved'],
  ['3fff::1', 'reserved'],
  ['3fff:1000::1', 'public'],
  ['100::1', 'reserved'],
  ['4000::1', 'reserved'],
  ['5f00::1', 'reserved'],
  ['::ffff:8.8.8.8', 'public'],
  ['::ffff:10.0.0.1', 'private'],
  ['::ffff:7f00:1', 'loopback'],
  ['::ffff:0:10.0.0.1', 'reserved'],
  ['::10.0.0.1', 'private'],
  ['::8.8.8.8', 'public'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['64:ff9b::a9fe:a9fe', 'link-local'],
  ['64:ff9b::8.8.8.8', 'public'],
  ['64:ff9b:1::8.8.8.8', 'private'],
  ['64:ff9b:0:1::8.8.8.8', 'reserved'],
  ['2002:a00:1::', 'private'],
  ['2002:7f00:1:1234::1', 'loopback'],
  ['2002:808:808::1', 'public'],
])('%s is %s', (address, scope) => {
  expect(addressScope(address)).toBe(scope)
  expect(isPrivateAddress(address)).toBe(scope !== 'public')
})

test.each(['', 'localhost', '010.0.0.1', '8.8.8.8:53', '[::1]'])('%j is no address and so not public', (text) => {
  expect(addressScope(text)).toBeUndefined()
  expect(isPrivateAddress(text)).toBe(true)
})

describe('for every IPv4 address', () => {
  // The same ranges as in IANA's IPv4 special-purpose registry, in node's own notation.
  const special = new BlockList()
  for (const [net, bits] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
  ] as const) {
    special.addSubnet(net, bits, 'ipv4')
  }
  // Half at random, half near the ranges' edges, which random addresses hardly ever hit.
  const part = fc.oneof(fc.nat(255), fc.constantFrom(0, 10, 100, 113, 127, 168, 169, 172, 192, 198, 203, 254, 255))
  const ipv4 = fc.tuple(part, part, part, part).map((parts) => parts.join('.'))

  test('node’s BlockList draws the same line', () => {
    fc.assert(
      fc.property(ipv4, (address) => {
        expect(isPrivateAddress(address)).toBe(special.check(address))
      }),
      { numRuns: 3_000 },
    )
  })

  test('wrapping it in IPv6 does not change the answer', () => {
    fc.assert(
      fc.property(ipv4, (address) => {
        const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number]
        const groups = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
        const scope = addressScope(address)
        expect(addressScope(`::ffff:${address}`)).toBe(scope)
        expect(addressScope(`::ffff:${groups}`)).toBe(scope)
        expect(addressScope(`64:ff9b::${address}`)).toBe(scope)
        expect(addressScope(`2002:${groups}::1`)).toBe(scope)
      }),
    )
  })
})
