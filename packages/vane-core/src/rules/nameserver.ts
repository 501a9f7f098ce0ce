import { parseIp } from '../policy/ip-address.ts'
import { formatIp } from '../predicate/ip-network.ts'
import { quoted, type Parsed } from '../schema/decode-scalar.ts'

const DNS_PORT = 53

/** An address of a name server, with a port where it is not 53: `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:5353`. */
export function parseNameserver(text: string): Parsed<string> {
  const match = /^(?:\[([^\][]*)\]|([^:\][]*)|([^\][]*:[^\][]*:[^\][]*))(?::(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[3] ?? match?.[2]
  const address = host === undefined || host.includes('%') ? undefined : parseIp(host)
  const port = match?.[4] === undefined ? DNS_PORT : Number(match[4])
  const isBracketed = match?.[1] !== undefined
  if (address === undefined || (isBracketed && address.length === 4) || port < 1 || port > 65_535) {
    const message = `${quoted(text)} is not the address of a name server`
    const suggestion = 'write for example "192.0.2.53" or "[2001:db8::53]:5353"'
    return { problem: { code: 'invalid-nameserver', message, suggestion } }
  }
  const plain = formatIp(address)
  if (port === DNS_PORT) return { value: plain }
  return { value: address.length === 16 ? `[${plain}]:${port}` : `${plain}:${port}` }
}
