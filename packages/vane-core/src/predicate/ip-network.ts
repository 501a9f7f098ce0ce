import { parseIp, unmapIp } from '../policy/ip-address.ts'

/** A network: an address (4 or 16 bytes) whose bits past `prefixLength` are zero. */
export interface IpNetwork {
  readonly address: Uint8Array
  readonly prefixLength: number
}

/** Parses `address/length`; host bits are cleared, as routing tables do. A zone is refused. */
export function parseCidr(text: string): IpNetwork | undefined {
  const match = /^([^%/]*)\/(0|[1-9]\d{0,2})$/.exec(text)
  const address = match === null ? undefined : parseIp(match[1]!)
  if (match === null || address === undefined) return undefined
  const prefixLength = Number(match[2])
  if (prefixLength > address.length * 8) return undefined
  return { address: address.map((byte, index) => byte & maskByte(prefixLength - index * 8)), prefixLength }
}

/** Whether an address lies in a network; never across families. */
export function networkContains({ address, prefixLength }: IpNetwork, candidate: Uint8Array): boolean {
  if (address.length !== candidate.length) return false
  return address.every((byte, index) => byte === (candidate[index]! & maskByte(prefixLength - index * 8)))
}

/** The one text form of an address: dotted decimal, or RFC 5952 (lower case, longest run of zeros as `::`). */
export function formatIp(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const groups = Array.from({ length: 8 }, (_, index) => (address[index * 2]! << 8) | address[index * 2 + 1]!)
  const run = longestZeroRun(groups)
  const hex = groups.map((group) => group.toString(16))
  if (run.length < 2) return hex.join(':')
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`
}

/** The one text form of a network. */
export function formatCidr(network: IpNetwork): string {
  return `${formatIp(network.address)}/${network.prefixLength}`
}

/** Whether this is an IPv4 address in IPv6 clothes, `::ffff:a.b.c.d`. Our sockets never report one. */
export function isIpv4Mapped(address: Uint8Array): boolean {
  return unmapIp(address) !== address
}

function maskByte(bitsLeft: number): number {
  return bitsLeft >= 8 ? 0xff : bitsLeft <= 0 ? 0 : (0xff << (8 - bitsLeft)) & 0xff
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue
    if (index - start > best.length) best = { start, length: index - start }
    start = index + 1
  }
  return best
}
