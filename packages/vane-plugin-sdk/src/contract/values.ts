/** A WIT option, as the JavaScript toolchains give and take it. */
export type Option<T> = T | null | undefined

/** A value of the context. 64-bit integers come as `number` from componentize-qjs and as `bigint` from componentize-js. */
export type ContextValue =
  | { tag: 'text'; val: string }
  | { tag: 'bytes'; val: Uint8Array }
  | { tag: 'int64'; val: number | bigint }
  | { tag: 'uint64'; val: number | bigint }
  | { tag: 'boolean'; val: boolean }
  | { tag: 'list-text'; val: string[] }

/** One path that the export inspects, and its value. */
export interface ContextEntry {
  path: string
  value: ContextValue
}

/** A header field: names in lower case, a repeated field as repeated entries in wire order. */
export interface Header {
  name: string
  value: string
}

/** As much of a body, or of a connection's bytes, as the limit allows. */
export interface BytesView {
  data: Uint8Array
  /** True: there was more. Whether that matters is the plugin's to decide. */
  truncated: boolean
}

/** A failure that the plugin itself reports, by throwing it. */
export interface PluginError {
  /** Short and stable, for counting: `bad-token`. */
  code: string
  message: string
  /** None: the rule's `on_error` decides. Any other text is a trap. */
  onErrorHint?: Option<'force-close' | 'internal'>
}
