import type { HttpRequest } from 'vane-core'
import type { Connection } from '../listen/connection.ts'

/** Reads one field of a connection or request; `undefined` where it is absent. */
export type FieldReader = (connection: Connection, request: HttpRequest | undefined) => string | number | undefined

/** Makes the reader of a predicate field; `undefined` for a field that this version cannot read. */
export function createFieldReader(field: string): FieldReader | undefined {
  if (field.startsWith(HEADER)) {
    const name = field.slice(HEADER.length)
    return (_connection, request) => request?.headers.get(name)
  }
  return READERS.get(field)
}

const HEADER = 'http.header.'

const READERS: ReadonlyMap<string, FieldReader> = new Map<string, FieldReader>([
  ['transport', (connection) => connection.transport],
  ['remote.ip', (connection) => connection.peerIp],
  ['remote.port', (connection) => connection.peerPort],
  ['local.ip', (connection) => connection.localIp],
  ['local.port', (connection) => connection.localPort],
  ['http.method', (_connection, request) => request?.method],
  ['http.version', (_connection, request) => request?.version],
  ['http.host', (_connection, request) => request?.host || undefined],
  ['http.uri.path', (_connection, request) => request?.path],
  ['http.uri.query', (_connection, request) => request?.query],
])
