import { HeaderList, type HttpRequest, type HttpVersion } from 'vane-core'
import { ClientFault } from './client-fault.ts'
import { dropConnectionNamed } from './hop-by-hop.ts'

/** A request head as a parser hands it over. */
export interface RawRequestHead {
  readonly method: string
  /** Request target as on the wire. */
  readonly target: string
  readonly httpVersion: string
  /** `[name, value, …]`; taken over. */
  readonly rawHeaders: string[]
}

/** A checked request head, and how its body is framed. */
export interface RequestHead extends Omit<HttpRequest, 'body'> {
  /** Bytes; `undefined` for a chunked body, 0 for none. */
  readonly bodyLength: number | undefined
  /** Whether the client would like to go on in another protocol. */
  readonly asksUpgrade: boolean
}

/**
 * Checks what the parser underneath lets through, and finds out whom the request is for.
 *
 * @throws ClientFault with the status the client is due.
 */
export function parseRequestHead(
  raw: RawRequestHead,
  maxHeadersCount: number,
  scheme: HttpRequest['scheme'],
): RequestHead {
  const { method, rawHeaders } = raw
  if (rawHeaders.length >> 1 > maxHeadersCount) throw new ClientFault(431, `more than ${maxHeadersCount} header fields`)
  const version = toVersion(raw.httpVersion)
  // TRACE echoes credentials to whoever can make a client send it (RFC 9110 §9.3.8); CONNECT would open a tunnel.
  if (method === 'TRACE' || method === 'CONNECT') throw new ClientFault(405, `method ${method} is refused`)
  const headers = new HeaderList(rawHeaders)
  const bodyLength = toBodyLength(headers, version)
  const hosts = headers.getAll('host')
  if (hosts.length > 1) throw new ClientFault(400, 'more than one host field')
  if (hosts.length === 0 && version === '1.1') throw new ClientFault(400, 'no host field')
  let authority = hosts[0] ?? ''
  const hostOfField = toHost(authority)
  let host = hostOfField
  const parts = splitTarget(raw.target, method)
  if (parts.authority !== undefined) {
    // RFC 9112 §3.2.2: the target's authority overrides the field, and the field must not go on saying something else.
    authority = parts.authority
    host = toHost(authority)
    if (host === '') throw new ClientFault(400, 'request target without a host')
    headers.set('host', authority)
  }
  const asksUpgrade = headers.has('upgrade')
  dropConnectionNamed(headers)
  const mark = parts.target.indexOf('?')
  return {
    method,
    scheme,
    authority,
    host,
    target: parts.target,
    path: mark === -1 ? parts.target : parts.target.slice(0, mark),
    query: mark === -1 ? '' : parts.target.slice(mark + 1),
    version,
    headers,
    bodyLength,
    asksUpgrade,
  }
}

function toVersion(text: string): HttpVersion {
  if (text === '1.1' || text === '1.0') return text
  throw new ClientFault(505, 'unsupported HTTP version')
}

function toBodyLength(headers: HeaderList, version: HttpVersion): number | undefined {
  const codings = headers.getAll('transfer-encoding')
  const lengths = headers.getAll('content-length')
  if (codings.length > 0) {
    // RFC 9112 §6.1 and §6.3: each of these is how two parsers come to disagree on where a message ends.
    if (version === '1.0') throw new ClientFault(400, 'transfer-encoding in an HTTP/1.0 request')
    if (lengths.length > 0) throw new ClientFault(400, 'both content-length and transfer-encoding')
    if (codings.length > 1 || codings[0]!.trim().toLowerCase() !== 'chunked') {
      throw new ClientFault(400, 'a transfer coding other than a single chunked')
    }
    return undefined
  }
  if (lengths.length === 0) return 0
  if (lengths.length > 1) throw new ClientFault(400, 'more than one content-length field')
  const length = lengths[0]!
  if (!/^[0-9]{1,15}$/.test(length)) throw new ClientFault(400, 'malformed content-length')
  return Number(length)
}

interface TargetParts {
  /** Origin-form, or `*`. */
  readonly target: string
  /** Set where the target was in absolute-form. */
  readonly authority: string | undefined
}

const NOT_IN_TARGET = /[^\x21-\x7e]|#/

function splitTarget(target: string, method: string): TargetParts {
  if (NOT_IN_TARGET.test(target)) throw new ClientFault(400, 'character that no request target may have')
  if (target.startsWith('/')) return { target, authority: undefined }
  if (target === '*' && method === 'OPTIONS') return { target, authority: undefined }
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(target)
  if (absolute === null) throw new ClientFault(400, 'request target in none of the allowed forms')
  const rest = absolute[2]!
  // RFC 9112 §3.2.4: an OPTIONS for the server as a whole has an empty path in absolute-form.
  const origin = rest === '' ? (method === 'OPTIONS' ? '*' : '/') : rest.startsWith('/') ? rest : `/${rest}`
  return { target: origin, authority: absolute[1]! }
}

// Narrower than RFC 3986: what no host of the internet has (`%`, `,` and the like) only serves to look like another one.
const AUTHORITY = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9\-._~]*)(?::[0-9]{0,5})?$/

/** @returns the host in lower case, without port and the dot of an absolute name; empty where the authority is. */
function toHost(authority: string): string {
  const match = AUTHORITY.exec(authority)
  if (match === null) throw new ClientFault(400, 'malformed host')
  const host = match[1]!.toLowerCase()
  // `a.test.` is the same host as `a.test`, and must not slip past the rules for it.
  return host.length > 1 && host.endsWith('.') ? host.slice(0, -1) : host
}
