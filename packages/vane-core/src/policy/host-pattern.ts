import { VaneError } from '../errors/vane-error.ts'
import { parseIp } from './ip-address.ts'

/** One entry of `allowed_hosts`, parsed. Plain data, so that a policy survives a structured clone. */
export type HostPattern =
  /** `*`: every host. */
  | { readonly kind: 'any'; readonly port: number | undefined }
  /** A host name: lower case, in punycode, without trailing dot. */
  | { readonly kind: 'name'; readonly host: string; readonly port: number | undefined }
  /** `*.example.com`: every host below, at any depth, but not `example.com` itself. `suffix` begins with its dot. */
  | { readonly kind: 'below'; readonly suffix: string; readonly port: number | undefined }
  /** An IP address in the spelling `URL` gives it, IPv6 in brackets. */
  | { readonly kind: 'ip'; readonly host: string; readonly port: number | undefined }

// RFC 1035 §2.3.4, in the form without trailing dot.
const MAX_NAME_LENGTH = 253
const MAX_LABEL_LENGTH = 63

/**
 * Reads one entry of `allowed_hosts`: a host name, `*.name`, `*` or an IP address, each with or without `:port`.
 *
 * @throws VaneError of kind `compile` whose message says what is wrong with the entry, without repeating it.
 */
export function parseHostPattern(text: string): HostPattern {
  assertHostAndPort(text)
  const { host, port } = splitPort(text)
  if (host === '*') return { kind: 'any', port }
  const isBelow = host.startsWith('*.')
  // `URL` would take a star for a character of the name like any other.
  if (host.lastIndexOf('*') > (isBelow ? 0 : -1)) {
    throw refuse('`*` may only stand alone or as the whole first label, as in `*.example.com`')
  }
  if (isBelow) return { kind: 'below', suffix: `.${parseName(host.slice(2), 'x.')}`, port }
  if (host.includes(':') || host.startsWith('[')) return { kind: 'ip', host: parseIpv6Host(host), port }
  const name = parseName(host, '')
  const ip = parseIp(name)
  if (ip === undefined) return { kind: 'name', host: name, port }
  // `010.0.0.1` is 8.0.0.1 to a URL and 10.0.0.1 to many a reader: the operator has to say which.
  if (parseIp(host.replace(/\.$/, '')) === undefined)
    throw refuse(`an unusual spelling of an IPv4 address: write \`${name}\``)
  return { kind: 'ip', host: name, port }
}

/** Whether a pattern covers the host and port of a URL. Userinfo, path and the rest of the URL play no part. */
export function matchesHostPattern(pattern: HostPattern, url: URL): boolean {
  const port = portOf(url)
  if (port === undefined || (pattern.port !== undefined && pattern.port !== port)) return false
  if (pattern.kind === 'any') return true
  // `URL` has folded case, resolved IDNA and spelt out IP addresses; of the name there is only the trailing dot left.
  const host = withoutTrailingDot(url.hostname)
  if (pattern.kind !== 'below') return host === pattern.host
  // An empty label before the suffix is no host below it.
  return host.endsWith(pattern.suffix) && !`.${host.slice(0, -pattern.suffix.length)}.`.includes('..')
}

/** Port a URL leads to, `undefined` where it is neither `http:` nor `https:`. */
function portOf(url: URL): number | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'http:' ? 80 : 443
}

function withoutTrailingDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host
}

/** Refuses early, and with its name, what `URL` would cut off, decode or take for another part of a URL. */
function assertHostAndPort(text: string): void {
  if (text === '') throw refuse('empty: name a host, or remove the entry')
  if (/[\s\p{Cc}]/u.test(text)) throw refuse('a host name holds no spaces or control characters')
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw refuse('only host and port, without a scheme such as `https://`')
  if (text.includes('@')) throw refuse('only host and port, without user name')
  if (/[/\\?#]/.test(text)) throw refuse('only host and port, without a path')
  if (/[%<>^`{|}"]/.test(text)) throw refuse('a character that no host name holds')
}

function splitPort(text: string): { host: string; port: number | undefined } {
  // The last colon is a port's unless it belongs to an IPv6 address, in brackets or bare.
  const match = /^(\[[^\]]*\]|[^:]*):([^:]*)$/.exec(text)
  if (match === null) return { host: text, port: undefined }
  const [, host = '', port = ''] = match
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) throw refuse('the port is a whole number from 1 to 65535')
  return { host, port: Number(port) }
}

function parseIpv6Host(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  if (!bare.includes(':') || parseIp(bare) === undefined) throw refuse('no IPv6 address')
  return new URL(`http://[${bare}]/`).hostname
}

/** A name in the form `URL` gives it. `below` is put before the name while `URL` looks, to hold `*.` to names. */
function parseName(name: string, below: string): string {
  const dotless = withoutTrailingDot(name)
  if (dotless === '' || `.${dotless}.`.includes('..')) throw refuse('a host name has no empty labels')
  // Checked before IDNA, too, which would take its time over a megabyte.
  if (dotless.length > MAX_NAME_LENGTH) throw refuse(`longer than a host name may be, ${MAX_NAME_LENGTH} characters`)
  const url = URL.parse(`http://${below}${dotless}/`)
  if (url === null) throw refuse('no host name')
  const host = url.hostname.slice(below.length)
  if (host.length > MAX_NAME_LENGTH) throw refuse(`longer than a host name may be, ${MAX_NAME_LENGTH} characters`)
  if (host.split('.').some((label) => label.length > MAX_LABEL_LENGTH)) {
    throw refuse(`a label longer than ${MAX_LABEL_LENGTH} characters`)
  }
  return host
}

function refuse(reason: string): VaneError {
  return new VaneError({ kind: 'compile' }, reason)
}
