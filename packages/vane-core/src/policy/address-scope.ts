import { parseIp, unmapIp } from './ip-address.ts'

/** Where an address leads: `public` is the internet at large, everything else some network that is not everybody's. */
export type AddressScope =
  | 'public'
  | 'loopback'
  | 'unspecified'
  | 'private'
  | 'link-local'
  | 'unique-local'
  | 'shared'
  | 'multicast'
  | 'reserved'

/**
 * Sorts an address by IANA's special-purpose registries (RFC 6890 and its successors); `undefined` for what is no address.
 *
 * Addresses that carry an IPv4 address (mapped, compatible, NAT64, 6to4) are sorted by the one they carry, since that is
 * where the packets end.
 */
export function addressScope(address: string): AddressScope | undefined {
  const ip = parseIp(address)
  return ip === undefined ? undefined : scopeOf(unmapIp(ip))
}

/** Whether an address is anything but public. What is no address is not public either. */
export function isPrivateAddress(address: string): boolean {
  return addressScope(address) !== 'public'
}

type Prefix = readonly [bytes: readonly number[], bits: number, scope: AddressScope]

const IPV4_PREFIXES: readonly Prefix[] = [
  [[0, 0, 0, 0], 32, 'unspecified'],
  [[0], 8, 'reserved'],
  [[10], 8, 'private'],
  [[100, 64], 10, 'shared'],
  [[127], 8, 'loopback'],
  [[169, 254], 16, 'link-local'],
  [[172, 16], 12, 'private'],
  [[192, 0, 0], 24, 'reserved'],
  [[192, 0, 2], 24, 'reserved'],
  [[192, 88, 99], 24, 'reserved'],
  [[192, 168], 16, 'private'],
  [[198, 18], 15, 'reserved'],
  [[198, 51, 100], 24, 'reserved'],
  [[203, 0, 113], 24, 'reserved'],
  [[224], 4, 'multicast'],
  [[240], 4, 'reserved'],
]

const IPV6_PREFIXES: readonly Prefix[] = [
  [[0xfe, 0x80], 10, 'link-local'],
  // Site-local (RFC 3879 §4): withdrawn, still routed on old networks.
  [[0xfe, 0xc0], 10, 'private'],
  [[0xfc], 7, 'unique-local'],
  [[0xff], 8, 'multicast'],
  // NAT64 for local use (RFC 8215) may lead to any IPv4 network its operator chose.
  [[0x00, 0x64, 0xff, 0x9b, 0x00, 0x01], 48, 'private'],
  // Protocol assignments, Teredo among them, which hides an IPv4 address behind an exclusive or.
  [[0x20, 0x01], 23, 'reserved'],
  [[0x20, 0x01, 0x0d, 0xb8], 32, 'reserved'],
  [[0x3f, 0xff], 20, 'reserved'],
]

/** Prefixes after which the four bytes of an IPv4 address follow at once. */
const IPV4_CARRIERS: readonly (readonly number[])[] = [
  // NAT64 (RFC 6052 §2.1).
  [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0],
  // 6to4 (RFC 3056 §2).
  [0x20, 0x02],
  // IPv4-compatible (RFC 4291 §2.5.5.1); `::` and `::1` are told apart from it before.
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
]

function scopeOf(ip: Uint8Array): AddressScope {
  if (ip.length === 4) return findScope(ip, IPV4_PREFIXES) ?? 'public'
  if (ip.subarray(0, 15).every((byte) => byte === 0) && ip[15]! <= 1) return ip[15] === 0 ? 'unspecified' : 'loopback'
  for (const carrier of IPV4_CARRIERS) {
    if (hasPrefix(ip, carrier, carrier.length * 8)) return scopeOf(ip.subarray(carrier.length, carrier.length + 4))
  }
  // Only 2000::/3 has been given out (RFC 4291 §2.4): the rest is somebody's own until IANA says otherwise.
  return findScope(ip, IPV6_PREFIXES) ?? (hasPrefix(ip, [0x20], 3) ? 'public' : 'reserved')
}

function findScope(ip: Uint8Array, prefixes: readonly Prefix[]): AddressScope | undefined {
  return prefixes.find(([bytes, bits]) => hasPrefix(ip, bytes, bits))?.[2]
}

function hasPrefix(ip: Uint8Array, prefix: readonly number[], bits: number): boolean {
  for (let index = 0; index * 8 < bits; index++) {
    const mask = 0xff & (0xff << Math.max(0, 8 - (bits - index * 8)))
    if ((ip[index]! & mask) !== ((prefix[index] ?? 0) & mask)) return false
  }
  return true
}
