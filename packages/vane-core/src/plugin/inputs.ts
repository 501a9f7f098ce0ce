import type { BytesView, ContextEntry, Header } from './values.ts'

/** What an `l4-peek` export is handed: the first bytes of a connection before any decision. */
export interface L4PeekInput {
  readonly peek: Uint8Array
  readonly context: readonly ContextEntry[]
}

/** What an `l4-bytes` export is handed: the first bytes of a tunnel. */
export interface L4BytesInput {
  readonly bytes: BytesView
  readonly context: readonly ContextEntry[]
}

/** What an `l7-request` export is handed. */
export interface L7RequestInput {
  /** Upper case. */
  readonly method: string
  /** The request target as on the wire, in origin-form. */
  readonly uri: string
  readonly headers: readonly Header[]
  /** Absent unless the export declares `needs-body`. A caller gives all that there is; the runtime cuts it to the plugin's limit. */
  readonly body?: BytesView | undefined
  readonly context: readonly ContextEntry[]
}

/** What an `l7-response` export is handed. */
export interface L7ResponseInput {
  readonly status: number
  readonly headers: readonly Header[]
  /** Absent unless the export declares `needs-body`. A caller gives all that there is; the runtime cuts it to the plugin's limit. */
  readonly body?: BytesView | undefined
  readonly context: readonly ContextEntry[]
}
