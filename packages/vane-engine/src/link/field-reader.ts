import type { HttpRequest } from 'vane-core'
import { fromWireValue } from '../http1/wire-value.ts'
import type { Connection } from '../listen/connection.ts'
import { toComparedPath } from './compared-path.ts'
import { findCookieValue } from './cookie-value.ts'
import { findQueryValue } from './query-value.ts'

/** Reads one field of a connection or request, as text or number; `undefined` where it is absent. */
export type FieldReader = (connection: Connection, request: HttpRequest | undefined) => string | number | undefined

/** Reads an address of a connection as 4 or 16 bytes; `undefined` where it is absent. */
export type AddressReader = (connection: Connection) => Uint8Array | undefined

/** Reads a field that is true or false; never absent. */
export type FlagReader = (connection: Connection) => boolean

/** Reads a field that is a list; `undefined` where it is absent. */
export type ListReader = (connection: Connection) => readonly string[] | undefined

/** Makes the reader of a field that is true or false; `undefined` for every other field. */
export function createFlagReader(field: string): FlagReader | undefined {
  return FLAGS.get(field)
}

/** Makes the reader of a field that is a list; `undefined` for every other field. */
export function createListReader(field: string): ListReader | undefined {
  return LISTS.get(field)
}

/** Makes the reader of a predicate field; `undefined` for a field that is no text or number, or that there is not. */
export function createFieldReader(field: string): FieldReader | undefined {
  for (const [prefix, create] of NAMED) {
    if (field.startsWith(prefix) && field.length > prefix.length) return create(field.slice(prefix.length))
  }
  return READERS.get(field)
}

/** Fields that can be read, as `FIELDS` of vane-core writes them. `http.body` has tests of its own. */
export function readableFields(): string[] {
  return [...READERS.keys(), ...FLAGS.keys(), ...LISTS.keys(), ...NAMED.keys(), 'http.body']
}

/** Reads the address of an IP field as 4 or 16 bytes; `undefined` for every other field. */
export function createAddressReader(field: string): AddressReader | undefined {
  if (field === 'remote.ip') return (connection) => connection.peerIpBytes
  return field === 'local.ip' ? (connection) => connection.localIpBytes : undefined
}

const NAMED: ReadonlyMap<string, (name: string) => FieldReader> = new Map<string, (name: string) => FieldReader>([
  [
    'http.header.',
    (name) => (_connection, request) => {
      const value = request?.headers.get(name)
      return value === undefined ? undefined : fromWireValue(value)
    },
  ],
  [
    'http.query.',
    (name) => (_connection, request) => (request === undefined ? undefined : findQueryValue(request.query, name)),
  ],
  [
    'http.cookie.',
    (name) => (_connection, request) => {
      // HTTP/2 may send one field for each cookie (RFC 9113 §8.2.3).
      for (const field of request?.headers.getAll('cookie') ?? []) {
        const value = findCookieValue(field, name)
        if (value !== undefined) return value
      }
      return undefined
    },
  ],
])

const FLAGS: ReadonlyMap<string, FlagReader> = new Map<string, FlagReader>([
  ['tls.peer_cert.present', ({ tls }) => tls?.peerCertificate !== undefined],
])

const LISTS: ReadonlyMap<string, ListReader> = new Map<string, ListReader>([
  ['tls.peer_cert.san_dns', ({ tls }) => tls?.peerCertificate?.sanDns],
])

const READERS: ReadonlyMap<string, FieldReader> = new Map<string, FieldReader>([
  ['transport', (connection) => connection.transport],
  ['remote.ip', (connection) => connection.peerIp],
  ['remote.port', (connection) => connection.peerPort],
  ['local.ip', (connection) => connection.localIp],
  ['local.port', (connection) => connection.localPort],
  ['peek', (connection) => connection.peekText],
  ['tls.sni', (connection) => connection.sni],
  ['tls.alpn', ({ peek }) => peek?.hello?.alpn[0]],
  ['tls.version', ({ tls }) => tls?.version],
  ['tls.peer_cert.subject_cn', ({ tls }) => tls?.peerCertificate?.subjectCn],
  ['tls.peer_cert.issuer_cn', ({ tls }) => tls?.peerCertificate?.issuerCn],
  ['tls.peer_cert.serial', ({ tls }) => tls?.peerCertificate?.serial],
  ['tls.peer_cert.fingerprint_sha256', ({ tls }) => tls?.peerCertificate?.fingerprintSha256],
  ['tls.peer_cert.spki_sha256', ({ tls }) => tls?.peerCertificate?.spkiSha256],
  ['http.method', (_connection, request) => request?.method],
  ['http.version', (_connection, request) => request?.version],
  ['http.host', (_connection, request) => request?.host || undefined],
  ['http.uri.path', (_connection, request) => (request === undefined ? undefined : toComparedPath(request.path))],
  ['http.uri.query', (_connection, request) => (request === undefined ? undefined : fromWireValue(request.query))],
])
