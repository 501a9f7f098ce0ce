import { parseIp, unmapIp } from '../policy/ip-address.ts'
import { formatIp, isIpv4Mapped } from '../predicate/ip-network.ts'
import { quoted, type Parsed } from '../schema/decode-scalar.ts'

/** Where a rule listens, as written and as meant. */
export interface ListenSpec {
  /**
   * Canonical text, also the key of the graph's entries: `tcp::8080` (every address), `tcp:0.0.0.0:8080`, `tcp:[::1]:8080`,
   * `tcp:unix:/run/x.sock`.
   */
  readonly key: string
  readonly transport: 'tcp' | 'udp'
  readonly address: ListenAddress
}

/** One address to bind. */
export type ListenAddress =
  | { readonly kind: 'ip'; readonly host: string; readonly port: number; readonly family: 4 | 6 }
  /** Every IPv4 and every IPv6 address: two sockets, one entry in the graph. */
  | { readonly kind: 'any'; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

// `sun_path` has 108 bytes on Linux, the last of which is the terminating NUL.
const MAX_UNIX_PATH_BYTES = 107
const FORMS = 'write ":8080", "127.0.0.1:8080", "[::1]:8080" or "unix:/run/x.sock"'

/** Parses a listen address: an optional `tcp:` or `udp:`, then `:port`, `ip:port`, `[ipv6]:port` or `unix:/path`. */
export function parseListenSpec(text: string): Parsed<ListenSpec> {
  const transport = text.startsWith('udp:') ? 'udp' : 'tcp'
  const prefix = /^(?:tcp|udp):/.exec(text)?.[0] ?? ''
  const rest = text.slice(prefix.length)
  if (rest.startsWith('unix:')) {
    const path = parseUnixPath(rest.slice('unix:'.length))
    if ('problem' in path) return { problem: { code: 'invalid-listen', ...path.problem } }
    if (transport === 'udp') return refuse('datagrams are not received on Unix sockets')
    return { value: { key: `${transport}:unix:${path.value}`, transport, address: { kind: 'unix', path: path.value } } }
  }

  const match = /^(.*):(\d{1,10})$/s.exec(rest)
  if (match === null)
    return refuse(
      `${quoted(text)} is not a listen address`,
      /^\d{1,5}$/.test(rest) ? `write "${prefix}:${rest}"` : FORMS,
    )
  const port = Number(match[2])
  // Port 0 would give another port at each reload.
  if (port < 1 || port > 65_535) return refuse(`the port of ${quoted(text)} is not from 1 to 65535`)
  const host = match[1]!
  if (host === '') return { value: { key: `${transport}::${port}`, transport, address: { kind: 'any', port } } }
  if (host === '*')
    return refuse(`${quoted(text)} is not a listen address`, `write "${prefix}:${port}" for every address`)
  if (host === 'localhost') return refuse(`${quoted(text)} names a host, not an address`, `write "127.0.0.1:${port}"`)

  const bracketed = host.startsWith('[') && host.endsWith(']')
  const address = host.includes('%') ? undefined : parseIp(bracketed ? host.slice(1, -1) : host)
  if (address === undefined) return refuse(`${quoted(host)} in ${quoted(text)} is not an IP address`, FORMS)
  const family = address.length === 4 ? 4 : 6
  if (bracketed !== (family === 6)) {
    const plain = formatIp(address)
    return refuse(
      bracketed ? 'only IPv6 addresses take brackets' : 'an IPv6 address with a port needs brackets',
      bracketed ? `write "${plain}:${port}"` : `write "[${plain}]:${port}"`,
    )
  }
  if (isIpv4Mapped(address)) {
    return refuse('IPv4-mapped addresses are not listened on', `write "${formatIp(unmapIp(address))}:${port}"`)
  }
  const canonical = formatIp(address)
  const key = family === 6 ? `${transport}:[${canonical}]:${port}` : `${transport}:${canonical}:${port}`
  return { value: { key, transport, address: { kind: 'ip', host: canonical, port, family } } }
}

/** Checks the path of a Unix socket: absolute, without NUL, short enough for the system. */
export function parseUnixPath(path: string): { value: string } | { problem: { message: string; suggestion?: string } } {
  if (!path.startsWith('/')) {
    return {
      problem: {
        message: `the socket path ${quoted(path)} is not absolute`,
        suggestion: 'write for example "unix:/run/x.sock"',
      },
    }
  }
  if (path.includes('\0')) return { problem: { message: 'a socket path has no NUL' } }
  if (Buffer.byteLength(path) > MAX_UNIX_PATH_BYTES) {
    return { problem: { message: `the socket path ${quoted(path)} exceeds ${MAX_UNIX_PATH_BYTES} bytes` } }
  }
  return { value: path }
}

function refuse(message: string, suggestion?: string): Parsed<never> {
  return { problem: { code: 'invalid-listen', message, ...(suggestion === undefined ? {} : { suggestion }) } }
}
