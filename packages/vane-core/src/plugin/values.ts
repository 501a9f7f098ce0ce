/** A value in a plugin's context. WIT: `vane:plugin/types.context-value`. */
export type ContextValue =
  | { readonly tag: 'text'; readonly val: string }
  | { readonly tag: 'bytes'; readonly val: Uint8Array }
  | { readonly tag: 'int64'; readonly val: bigint }
  | { readonly tag: 'uint64'; readonly val: bigint }
  | { readonly tag: 'boolean'; readonly val: boolean }
  | { readonly tag: 'list-text'; readonly val: readonly string[] }

/** One declared context path with its value on this connection. */
export interface ContextEntry {
  readonly path: string
  readonly value: ContextValue
}

/** One header field. Names are lower case ASCII in both directions; repeated fields are repeated entries in wire order. */
export interface Header {
  readonly name: string
  readonly value: string
}

/** A bounded look at bytes; `truncated` tells that there were more than the limit lets the plugin see. */
export interface BytesView {
  readonly data: Uint8Array
  readonly truncated: boolean
}
