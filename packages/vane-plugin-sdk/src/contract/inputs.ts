import type { BytesView, ContextEntry, Header, Option } from './values.ts'

/** A connection's first bytes. */
export interface L4PeekInput {
  /** At most 8 KiB; may be empty. */
  peek: Uint8Array
  context: ContextEntry[]
}

/** The bytes of a connection. */
export interface L4BytesInput {
  bytes: BytesView
  context: ContextEntry[]
}

/** A request, before it is sent to the upstream. */
export interface L7RequestInput {
  /** Upper case. */
  method: string
  /** The request target as on the wire, in origin form: `/path?query`. */
  uri: string
  headers: Header[]
  /** None unless the export declares `needsBody`. */
  body?: Option<BytesView>
  context: ContextEntry[]
}

/** A response, before it is written to the client. */
export interface L7ResponseInput {
  status: number
  headers: Header[]
  /** None unless the export declares `needsBody`. */
  body?: Option<BytesView>
  context: ContextEntry[]
}
