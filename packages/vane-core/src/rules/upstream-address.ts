import { parseIp } from '../policy/ip-address.ts'
import { formatIp } from '../predicate/ip-network.ts'
import { quoted, type Parsed } from '../schema/decode-scalar.ts'
import { parseUnixPath } from './listen-spec.ts'
import type { UpstreamAddress } from './types.ts'

const MAX_HOST_LENGTH = 253

/** Parses `host:port`, `[ipv6]:port` or `unix:/path`. Host names come out in lower case. */
export function parseUpstreamAddress(text: string): Parsed<UpstreamAddress> {
  if (text.startsWith('unix:')) {
    const path = parseUnixPath(text.slice('unix:'.length))
    if ('problem' in path) return { problem: { code: 'invalid-upstream', ...path.problem } }
    return { value: { kind: 'unix', path: path.value } }
  }
  const url = /^(https?|wss?):\/\/([^/?#]*)(.*)$/s.exec(text)
  if (url !== null) {
    const authority = url[2]!
    const port = url[1] === 'https' || url[1] === 'wss' ? 443 : 80
    const suggestion = `write ${quoted(/:\d+$/.test(authority) ? authority : `${authority}:${port}`)}`
    return refuse(`an upstream is an address, ${quoted(text)} is a URL`, suggestion)
  }
  const match = /^(.*):(\d{1,10})$/s.exec(text)
  if (match === null) {
    return refuse(
      `the upstream ${quoted(text)} has no port`,
      'write for example "127.0.0.1:8080" or "unix:/run/app.sock"',
    )
  }
  const port = Number(match[2])
  if (port < 1 || port > 65_535) return refuse(`the port of ${quoted(text)} is not from 1 to 65535`)
  const host = parseHost(match[1]!)
  if (host === undefined)
    return refuse(`${quoted(match[1]!)} in ${quoted(text)} is neither a host name nor an IP address`)
  return { value: { kind: 'tcp', host, port } }
}

/** A host name (letters, digits, `-`, `_`) in lower case, an IPv4 address, or a bracketed IPv6 address without its brackets. */
export function parseHost(text: string): string | undefined {
  if (text.startsWith('[') && text.endsWith(']')) {
    const address = text.includes('%') ? undefined : parseIp(text.slice(1, -1))
    return address?.length === 16 ? formatIp(address) : undefined
  }
  const name = text.toLowerCase()
  if (name.length === 0 || name.length > MAX_HOST_LENGTH) return undefined
  const labels = (name.endsWith('.') ? name.slice(0, -1) : name).split('.')
  if (!labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))) return undefined
  // What ends in a number is an address or nothing: `1.2.3` and `0x7f.1` would be guessed at by resolvers.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1)!)) return parseIp(name) === undefined ? undefined : name
  return name
}

function refuse(message: string, suggestion?: string): Parsed<never> {
  return { problem: { code: 'invalid-upstream', message, ...(suggestion === undefined ? {} : { suggestion }) } }
}
