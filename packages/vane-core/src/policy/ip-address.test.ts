import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSameIp, parseIp, unmapIp } from './ip-address.ts'

const hex = (text: string) => Buffer.from(parseIp(text) ?? []).toString('hex')

test.each([
  ['10.0.0.1', '0a000001'],
  ['255.255.255.255', 'ffffffff'],
  ['::', '0'.repeat(32)],
  ['::1', `${'0'.repeat(31)}1`],
  ['1::', `0001${'0'.repeat(28)}`],
  ['2001:DB8::a:1', '20010db80000000000000000000a0001'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
  ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
  ['fe80::1%eth0', 'fe800000000000000000000000000001'],
])('%s is %s', (text, bytes) => {
  expect(hex(text)).toBe(bytes)
})

test.each([
  '',
  'localhost',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '0x7f.0.0.1',
  '2130706433',
  '1.2.3.4 ',
  '١.2.3.4',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::12345',
  '::g',
  '::1.2.3',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '[::1]',
  '::1%',
  '::1%[',
  '::1%a%b',
  '::1%ä',
  `::${'0'.repeat(300)}`,
])('%j is no address', (text) => {
  expect(parseIp(text)).toBeUndefined()
})

const ipLike = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4Extended(),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefF:.%x['.split('')), maxLength: 45 }),
  fc.array(fc.constantFrom('0', '1', 'ffff', '1.2.3.4', ''), { maxLength: 9 }).map((groups) => groups.join(':')),
)

describe('agrees with node', () => {
  test('on what is an address', () => {
    fc.assert(
      fc.property(ipLike, (text) => {
        expect((parseIp(text)?.length ?? 0) * 8).toBe({ 0: 0, 4: 32, 6: 128 }[isIP(text)])
      }),
      { numRuns: 2_000 },
    )
  })

  test('on which address it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const bytes = parseIp(text)!
        const spelt =
          bytes.length === 4
            ? bytes.join('.')
            : Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16)).join(':')
        const list = new BlockList()
        list.addAddress(text, bytes.length === 4 ? 'ipv4' : 'ipv6')
        expect(list.check(spelt, bytes.length === 4 ? 'ipv4' : 'ipv6')).toBe(true)
      }),
    )
  })
})

test('mapped addresses are the IPv4 addresses they carry, compatible ones are not', () => {
  const same = (a: string, b: string) => isSameIp(parseIp(a)!, parseIp(b)!)
  expect(unmapIp(parseIp('::ffff:1.2.3.4')!)).toEqual(Uint8Array.of(1, 2, 3, 4))
  expect(same('1.2.3.4', '::ffff:102:304')).toBe(true)
  expect(same('::ffff:1.2.3.4', '::ffff:1.2.3.4')).toBe(true)
  expect(same('1.2.3.4', '1.2.3.5')).toBe(false)
  expect(same('1.2.3.4', '::1.2.3.4')).toBe(false)
  expect(same('1.2.3.4', '::fffe:1.2.3.4')).toBe(false)
  expect(same('::1', '0:0:0:0:0:0:0:1')).toBe(true)
  expect(same('fe80::1%eth0', 'fe80::1')).toBe(true)
})
