import type { Body, BytesView, MiddlewareMeta, PluginCallSite } from 'vane-core'

/** A plugin's call site, and what the engine knows of the export behind it. */
export interface PluginSite {
  /** As in the rule: `<stem>:<export>`. */
  readonly name: string
  readonly meta: MiddlewareMeta
  readonly site: PluginCallSite
}

/** Bytes of a body that a plugin is shown. The body itself goes on whole. */
const MAX_BODY_VIEW_BYTES = 1_048_576

/** What a plugin that needs the body sees of it: the executor has collected it, if there is one. */
export function toBodyView(body: Body): BytesView {
  if (body.kind !== 'fixed') return { data: new Uint8Array(), truncated: false }
  const { bytes } = body
  if (bytes.length <= MAX_BODY_VIEW_BYTES) return { data: bytes, truncated: false }
  return { data: bytes.subarray(0, MAX_BODY_VIEW_BYTES), truncated: true }
}
