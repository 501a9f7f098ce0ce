import { type ContextEntry, type ContextValue, findContextPath, type PluginKind } from 'vane-core'
import type { Flow } from '../executor/flow.ts'
import { createFieldReader, createFlagReader, createListReader } from '../link/field-reader.ts'

/** Packs what an export declared in `inspects`, and nothing else. */
export type ContextPacker = (flow: Flow) => ContextEntry[]

/** Makes the packer of one call site. `conn.*` paths always yield an entry; predicate fields only where they are present. */
export function createContextPacker(inspects: readonly string[], kind: PluginKind): ContextPacker {
  if (inspects.length === 0) return () => NOTHING
  const readers = inspects.map((path) => ({ path, read: createReader(path, kind) }))
  return (flow) => {
    const entries: ContextEntry[] = []
    for (const { path, read } of readers) {
      const value = read(flow)
      if (value !== undefined) entries.push({ path, value })
    }
    return entries
  }
}

const NOTHING: ContextEntry[] = []

type Reader = (flow: Flow) => ContextValue | undefined

function createReader(path: string, kind: PluginKind): Reader {
  const connReader = CONN_READERS.get(path)
  if (connReader !== undefined) return connReader
  const { found } = findContextPath(path, kind)
  if (found === undefined) throw new Error(`no context path ${JSON.stringify(path)} for kind ${kind}`)
  if (path === 'http.body') return readBody
  // The certificate's facts are told under two names, of which this is the one that is always answered.
  const field = path.replace(/^conn\.tls\./, 'tls.')
  const absent = found.whenAbsent === 'empty' ? EMPTY_VALUES[found.type] : undefined
  const flag = createFlagReader(field)
  if (flag !== undefined) return ({ connection }) => ({ tag: 'boolean', val: flag(connection) })
  const list = createListReader(field)
  if (list !== undefined) {
    return ({ connection }) => {
      const values = list(connection)
      return values === undefined ? absent : { tag: 'list-text', val: [...values] }
    }
  }
  const read = createFieldReader(field)
  if (read === undefined) return () => absent
  if (found.type === 'bytes') {
    return ({ connection, request }) => {
      const value = read(connection, request)
      return value === undefined ? absent : { tag: 'bytes', val: Buffer.from(String(value), 'latin1') }
    }
  }
  return ({ connection, request }) => {
    const value = read(connection, request)
    if (value === undefined) return absent
    return typeof value === 'number' ? { tag: 'uint64', val: BigInt(value) } : text(value)
  }
}

const EMPTY_VALUES: Readonly<Record<ContextValue['tag'], ContextValue>> = {
  text: { tag: 'text', val: '' },
  bytes: { tag: 'bytes', val: new Uint8Array() },
  int64: { tag: 'int64', val: 0n },
  uint64: { tag: 'uint64', val: 0n },
  boolean: { tag: 'boolean', val: false },
  'list-text': { tag: 'list-text', val: [] },
}

const CONN_READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['conn.peer_ip', ({ connection }) => text(connection.peerIp ?? '')],
  ['conn.peer_port', ({ connection }) => uint(connection.peerPort ?? 0)],
  ['conn.local_ip', ({ connection }) => text(connection.localIp ?? '')],
  ['conn.local_port', ({ connection }) => uint(connection.localPort ?? 0)],
  ['conn.transport', ({ connection }) => text(connection.transport)],
  ['conn.alpn', ({ connection }) => text(connection.tls?.alpn ?? '')],
  [
    'conn.tls.peer_cert',
    ({ connection }) => ({ tag: 'bytes', val: connection.tls?.peerCertificate?.der ?? new Uint8Array() }),
  ],
  ['conn.id', ({ connection }) => text(connection.id)],
  ['conn.accept_unix_ms', ({ connection }) => uint(connection.acceptUnixMs)],
])

const readBody: Reader = ({ request }) => {
  const { body } = request
  return body.kind === 'stream'
    ? undefined
    : { tag: 'bytes', val: body.kind === 'fixed' ? body.bytes : new Uint8Array() }
}

function text(val: string): ContextValue {
  return { tag: 'text', val }
}

function uint(val: number): ContextValue {
  return { tag: 'uint64', val: BigInt(val) }
}
