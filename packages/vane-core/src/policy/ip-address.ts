/**
 * Reads an IP address in its plain textual form: 4 bytes for IPv4, 16 for IPv6, `undefined` for anything else.
 *
 * IPv4 is four decimal parts without leading zeros; the octal, hexadecimal and short forms are `URL`'s to resolve before.
 * IPv6 is RFC 4291 §2.2 in any spelling, with or without a zone, which is dropped. Written out here, not taken from
 * `node:net`, because this package must stay loadable where there is no network module.
 */
export function parseIp(text: string): Uint8Array | undefined {
  // The longest form is a full IPv6 address with an IPv4 tail; a zone may follow.
  if (text.length > 255) return undefined
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** The same address as IPv4, where it is an IPv4-mapped one (`::ffff:a.b.c.d`); sockets report IPv4 peers either way. */
export function unmapIp(ip: Uint8Array): Uint8Array {
  const mapped =
    ip.length === 16 && ip[10] === 0xff && ip[11] === 0xff && ip.subarray(0, 10).every((byte) => byte === 0)
  return mapped ? ip.subarray(12) : ip
}

/** Whether two addresses are the same, IPv4-mapped or not. */
export function isSameIp(a: Uint8Array, b: Uint8Array): boolean {
  const left = unmapIp(a)
  const right = unmapIp(b)
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const bytes = new Uint8Array(4)
  for (const [index, part] of parts.entries()) {
    // A leading zero means octal to some readers and nothing to others: no address that two readers take differently.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    bytes[index] = Number(part)
  }
  return bytes
}

/** What Node takes for the name of a zone (RFC 4007 §11.2 leaves it to the system). */
const ZONE = /^[0-9a-z.:-]+$/i

function parseIpv6(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%')
  if (zone !== -1 && !ZONE.test(text.slice(zone + 1))) return undefined
  const address = zone === -1 ? text : text.slice(0, zone)
  const halves = address.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 16 - head.length - tail.length
  // `::` stands for at least one group.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined
  const bytes = new Uint8Array(16)
  bytes.set(head, 0)
  bytes.set(tail, 16 - tail.length)
  return bytes
}

/** Bytes of the groups on one side of `::`; only the last group of an address may be in IPv4 form. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    if (mayEndInIpv4 && index === groups.length - 1 && group.includes('.')) {
      const ipv4 = parseIpv4(group)
      if (ipv4 === undefined) return undefined
      bytes.push(...ipv4)
      continue
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined
    const value = Number.parseInt(group, 16)
    bytes.push(value >> 8, value & 0xff)
  }
  return bytes
}
