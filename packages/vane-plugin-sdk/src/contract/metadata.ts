/** Where in a request's way an export is called. */
export type MiddlewareKind = 'l4-peek' | 'l4-bytes' | 'l7-request' | 'l7-response'

/** One middleware that a rule can name. */
export interface MiddlewareExport {
  /** Unique among the plugin's exports, and not empty. */
  name: string
  kind: MiddlewareKind
  /** True: whatever a call leaves in memory is gone before the next. False: an instance keeps its memory from call to call. */
  stateless: boolean
  /** True: the input's `body` is filled, up to the plugin's limit. False: it is none and nothing is buffered. */
  needsBody: boolean
  /** The context paths that are handed to the export, such as `conn.peer_ip`. It sees no others. */
  inspects: string[]
  /** Reserved: must be false. */
  needsStreamingBody: boolean
}

/** What a component says about itself. */
export interface Metadata {
  name: string
  /** The plugin's own version, for people. */
  version: string
  /** The version of `vane:plugin` that the plugin was written for. */
  abiVersion: string
  exports: MiddlewareExport[]
}
