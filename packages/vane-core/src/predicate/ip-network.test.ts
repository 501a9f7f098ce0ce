import { BlockList } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCidr, formatIp, networkContains, parseCidr } from 'vane-core'
import { parseIp } from '../policy/ip-address.ts'

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['255.255.255.255/0', '0.0.0.0/0'],
  ['1.2.3.4/32', '1.2.3.4/32'],
  ['2001:DB8:ffff::1/33', '2001:db8:8000::/33'],
  ['::1/128', '::1/128'],
])('%s is %s', (text, canonical) => {
  expect(formatCidr(parseCidr(text)!)).toBe(canonical)
})

test.each([
  '',
  '/',
  '1.2.3.4',
  '1.2.3.4/',
  '1.2.3.4/33',
  '1.2.3.4/08',
  '1.2.3.4/-1',
  '::/129',
  'fe80::1%lo/10',
  '1.2.3.4/8/8',
  'a/8',
])('%j is no network', (text) => {
  expect(parseCidr(text)).toBeUndefined()
})

// RFC 5952 §4 and its examples.
test.each([
  ['2001:0db8::0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['1::', '1::'],
])('%s prints as %s', (text, canonical) => {
  expect(formatIp(parseIp(text)!)).toBe(canonical)
})

test('membership agrees with the system’s own', () => {
  const bytes = fc.uint8Array({ minLength: 4, maxLength: 4 })
  const wide = fc.uint8Array({ minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(
      fc.oneof(fc.tuple(bytes, bytes), fc.tuple(wide, wide)),
      fc.nat(128),
      fc.boolean(),
      ([net, other], bits, near) => {
        const size = net.length * 8
        const prefix = bits % (size + 1)
        const family = net.length === 4 ? 'ipv4' : 'ipv6'
        // Half of the time an address that shares the prefix, or nearly.
        const address = near ? net.map((byte, index) => (index * 8 < prefix - 4 ? byte : other[index]!)) : other
        const list = new BlockList()
        list.addSubnet(formatIp(net), prefix, family)
        const network = parseCidr(`${formatIp(net)}/${prefix}`)!
        expect(networkContains(network, address)).toBe(list.check(formatIp(address), family))
        expect(parseIp(formatIp(address))).toEqual(address)
      },
    ),
  )
})
