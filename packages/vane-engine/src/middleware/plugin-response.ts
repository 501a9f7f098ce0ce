import { type L7ResponseDecision, type L7ResponseInput, type ModifiedResponse, toBody, VaneError } from 'vane-core'
import { CLOSE, CONTINUE, type Flow, type Middleware, type MiddlewareOutcome } from '../executor/flow.ts'
import { createContextPacker } from './plugin-context.ts'
import { fromPluginHeaders, toPluginHeaders } from './plugin-headers.ts'
import { type PluginSite, toBodyView } from './plugin-site.ts'
import { assertFinalStatus } from './plugin-status.ts'

/** Runs an `l7-response` export on the response that the walk holds. */
export function createPluginResponse({ name, meta, site }: PluginSite): Middleware {
  const pack = createContextPacker(meta.inspects, meta.kind)

  const toOutcome = (flow: Flow, decision: L7ResponseDecision): MiddlewareOutcome => {
    switch (decision.tag) {
      case 'continue':
        return CONTINUE
      case 'abort':
        return CLOSE
      case 'modify':
        modify(flow, name, decision.val)
        return CONTINUE
    }
  }

  return {
    handle(flow) {
      const { response } = flow
      if (response === undefined) throw new VaneError({ kind: 'internal' }, 'response middleware before a response')
      const input: L7ResponseInput = {
        status: response.status,
        headers: toPluginHeaders(response.headers),
        body: meta.needsBody ? toBodyView(response.body) : undefined,
        context: pack(flow),
      }
      const decision = site.l7Response(input, flow.callOptions)
      return decision instanceof Promise ? decision.then((value) => toOutcome(flow, value)) : toOutcome(flow, decision)
    },
    dispose: () => site.release(),
  }
}

/** Changes nothing before everything the plugin gave has been checked. */
function modify(flow: Flow, plugin: string, { status, headers, body }: ModifiedResponse): void {
  const { response } = flow
  if (response === undefined) return
  if (status !== undefined) assertFinalStatus(status)
  const newHeaders = headers === undefined ? undefined : fromPluginHeaders(headers, flow, plugin)
  if (status !== undefined) response.status = status
  if (newHeaders !== undefined) response.headers = newHeaders
  if (body !== undefined) {
    if (response.body.kind === 'stream') response.body.source.cancel(new Error('replaced by a plugin'))
    response.body = toBody(body)
  }
}
