import { EMPTY_BODY, HeaderList, type HttpRequest } from 'vane-core'
import { ClientFault } from '../http1/client-fault.ts'
import { toHost } from '../http1/request-target.ts'
import type { FieldBlock } from './hpack/hpack-decoder.ts'

/** A checked request head. */
export interface Http2RequestHead {
  /** Without a body, until whoever knows of one puts it in. */
  readonly request: HttpRequest
  /** Bytes that `content-length` declares. */
  readonly length: number | undefined
  readonly expectsContinue: boolean
}

/** What a request is read under. */
export interface RequestFieldsOptions {
  /** By how the connection came, not by what the client says of it. */
  readonly scheme: 'http' | 'https'
  readonly maxHeadersCount: number
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const NOT_IN_TARGET = /[^\x21-\x7e]|#/
const DIGITS = /^[0-9]{1,15}$/

/** The four pseudo-header fields of a request (RFC 9113 §8.3.1); `undefined` until they have come. */
interface Pseudo {
  method: string | undefined
  scheme: string | undefined
  authority: string | undefined
  path: string | undefined
}

/**
 * Makes a request of a field block: RFC 9113 §8.2 and §8.3, and what an HTTP/1.1 request has to keep.
 *
 * @throws ClientFault with the status the client is due.
 */
export function parseRequestFields(block: FieldBlock, options: RequestFieldsOptions): Http2RequestHead {
  if (block.isTooLarge) throw new ClientFault(431, 'a header section that is too large')
  if (block.fault !== undefined) throw new ClientFault(400, block.fault)
  const { pairs } = block
  const pseudo: Pseudo = { method: undefined, scheme: undefined, authority: undefined, path: undefined }
  let at = 0
  for (; at < pairs.length && pairs[at]!.charCodeAt(0) === COLON; at += 2) setPseudo(pseudo, pairs[at]!, pairs[at + 1]!)
  // The place of the host, which is known at the end.
  const fields = ['host', '']
  let host: string | undefined
  let cookie: string | undefined
  let length: number | undefined
  let expect: string | undefined
  for (; at < pairs.length; at += 2) {
    const name = pairs[at]!
    const value = pairs[at + 1]!
    switch (name) {
      case 'connection':
      case 'keep-alive':
      case 'proxy-connection':
      case 'transfer-encoding':
      case 'upgrade':
        throw new ClientFault(400, `field ${name}, which HTTP/2 does not have`)
      case 'content_length':
      case 'transfer_encoding':
        // CGI, WSGI and PHP fold `-` and `_` into one.
        throw new ClientFault(400, `field ${name}, which passes for one that frames a message`)
      case 'te':
        if (value.toLowerCase() !== 'trailers') throw new ClientFault(400, 'te other than trailers')
        break
      case 'host':
        if (host !== undefined) throw new ClientFault(400, 'more than one host field')
        host = value
        continue
      case 'cookie':
        // Sent in crumbs for the sake of compression, it is one field for everybody else (RFC 9113 §8.2.3).
        cookie = cookie === undefined ? value : `${cookie}; ${value}`
        continue
      case 'content-length':
        if (length !== undefined) throw new ClientFault(400, 'more than one content-length field')
        if (!DIGITS.test(value)) throw new ClientFault(400, 'malformed content-length')
        length = Number(value)
        break
      case 'expect':
        if (expect !== undefined || value.toLowerCase() !== '100-continue')
          throw new ClientFault(417, 'unknown expectation')
        expect = value
        break
      default:
        if (name.charCodeAt(0) === COLON) throw new ClientFault(400, 'pseudo-header field behind a field')
    }
    fields.push(name, value)
  }
  if (cookie !== undefined) fields.push('cookie', cookie)
  if (fields.length >> 1 > options.maxHeadersCount)
    throw new ClientFault(431, `more than ${options.maxHeadersCount} header fields`)
  const { method, target } = toRequestLine(pseudo)
  const authority = toAuthority(pseudo.authority, host)
  fields[1] = authority
  const mark = target.indexOf('?')
  const request: HttpRequest = {
    method,
    scheme: options.scheme,
    authority,
    host: hostOf(authority),
    target,
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
    version: '2',
    headers: HeaderList.fromChecked(fields),
    body: EMPTY_BODY,
  }
  return { request, length, expectsContinue: expect !== undefined }
}

const COLON = 58

function setPseudo(pseudo: Pseudo, name: string, value: string): void {
  const key = PSEUDO_KEYS.get(name)
  // `:protocol` (RFC 8441) is unknown as well: extended CONNECT has not been offered.
  if (key === undefined) throw new ClientFault(400, 'unknown pseudo-header field')
  if (pseudo[key] !== undefined) throw new ClientFault(400, `more than one ${name}`)
  pseudo[key] = value
}

const PSEUDO_KEYS: ReadonlyMap<string, keyof Pseudo> = new Map([
  [':method', 'method'],
  [':scheme', 'scheme'],
  [':authority', 'authority'],
  [':path', 'path'],
])

function toRequestLine({ method, scheme, path }: Pseudo): { readonly method: string; readonly target: string } {
  if (method === undefined || !TOKEN.test(method)) throw new ClientFault(400, 'no method, or none that is a token')
  // TRACE echoes credentials to whoever can make a client send it (RFC 9110 §9.3.8); CONNECT would open a tunnel.
  if (method === 'TRACE' || method === 'CONNECT') throw new ClientFault(405, `method ${method} is refused`)
  if (scheme === undefined || (scheme.toLowerCase() !== 'https' && scheme.toLowerCase() !== 'http'))
    throw new ClientFault(400, 'no scheme, or none of HTTP')
  if (path === undefined || NOT_IN_TARGET.test(path)) throw new ClientFault(400, 'no path, or none that may be')
  if (!path.startsWith('/') && !(path === '*' && method === 'OPTIONS'))
    throw new ClientFault(400, 'path in none of the allowed forms')
  return { method, target: path }
}

/** Two readers that each believe another of the two would take the request for one of two hosts (RFC 9113 §8.3.1). */
function toAuthority(authority: string | undefined, host: string | undefined): string {
  const named = authority ?? host
  if (named === undefined || named === '') throw new ClientFault(400, 'neither :authority nor host')
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase())
    throw new ClientFault(400, ':authority and host that differ')
  return named
}

function hostOf(authority: string): string {
  let host = ''
  try {
    host = toHost(authority)
  } catch {
    throw new ClientFault(400, 'malformed authority')
  }
  if (host === '') throw new ClientFault(400, 'authority without a host')
  return host
}
