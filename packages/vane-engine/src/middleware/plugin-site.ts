import type { Body, BytesView, MiddlewareMeta, PluginCallSite } from 'vane-core'

/** A plugin's call site, and what the engine knows of the export behind it. */
export interface PluginSite {
  /** As in the rule: `<stem>:<export>`. */
  readonly name: string
  readonly meta: MiddlewareMeta
  readonly site: PluginCallSite
}

/** The body for a plugin that needs it: the executor has collected it, if there is one, and the runtime shows as much as is allowed. */
export function toBodyView(body: Body): BytesView {
  if (body.kind !== 'fixed') return { data: new Uint8Array(), truncated: false }
  return { data: body.bytes, truncated: false }
}
