import { parseIp, unmapIp } from 'vane-core'

/** Bytes of an IPv6 address that name a network: a /64, the least that a provider gives to one customer (RFC 6177 §2). */
const NETWORK_BYTES = 8

/**
 * What the limits per address count a peer under: an IPv4 address as it is, an IPv6 one by its /64, since whoever has one
 * address of a /64 has all 2^64 of them.
 *
 * @param ip without zone, as sockets report it.
 */
export function toAddressKey(ip: string): string {
  if (!ip.includes(':')) return ip
  const parsed = parseIp(ip)
  if (parsed === undefined) return ip
  const address = unmapIp(parsed)
  if (address.length === 4) return address.join('.')
  let key = ''
  for (let i = 0; i < NETWORK_BYTES; i += 2) key += `${((address[i]! << 8) | address[i + 1]!).toString(16)}:`
  return `${key}:/64`
}

/** Peers on Unix sockets have no address to tell them apart by. */
const UNIX_PEERS = 'unix'

/**
 * What a peer is counted under.
 *
 * @param address as its socket reports it; `undefined` on a Unix socket.
 * @returns `undefined` for peers that the limits per address leave alone: a tunnel or a local balancer is one address.
 */
export function toCountedKey(address: string | undefined, exemptLoopback: boolean): string | undefined {
  if (address === undefined) return exemptLoopback ? undefined : UNIX_PEERS
  return exemptLoopback && isLoopback(address) ? undefined : toAddressKey(address)
}

/** Whether an address is this machine's own: 127.0.0.0/8 or ::1, in whatever spelling. */
export function isLoopback(ip: string): boolean {
  if (!ip.includes(':')) return ip.startsWith('127.')
  const parsed = parseIp(ip)
  if (parsed === undefined) return false
  const address = unmapIp(parsed)
  if (address.length === 4) return address[0] === 127
  return address[15] === 1 && address.subarray(0, 15).every((byte) => byte === 0)
}
