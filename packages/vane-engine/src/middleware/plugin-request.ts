import { type L7RequestDecision, type L7RequestInput, type SynthResponse, toBody } from 'vane-core'
import { CLOSE, CONTINUE, type Flow, type Middleware, type MiddlewareOutcome } from '../executor/flow.ts'
import { createContextPacker } from './plugin-context.ts'
import { fromPluginHeaders, toPluginHeaders } from './plugin-headers.ts'
import { type PluginSite, toBodyView } from './plugin-site.ts'
import { assertFinalStatus } from './plugin-status.ts'

/** Runs an `l7-request` export. A plugin that answers synchronously is not waited for. */
export function createPluginRequest({ name, meta, site }: PluginSite): Middleware {
  const pack = createContextPacker(meta.inspects, meta.kind)

  const toOutcome = (flow: Flow, decision: L7RequestDecision): MiddlewareOutcome => {
    switch (decision.tag) {
      case 'continue':
        return CONTINUE
      case 'close':
        return CLOSE
      case 'short':
        return { tag: 'short', response: toResponse(flow, name, decision.val) }
    }
  }

  return {
    handle(flow) {
      const { request } = flow
      const input: L7RequestInput = {
        method: request.method.toUpperCase(),
        uri: request.target,
        headers: toPluginHeaders(request.headers),
        body: meta.needsBody ? toBodyView(request.body) : undefined,
        context: pack(flow),
      }
      const decision = site.l7Request(input, flow.callOptions)
      return decision instanceof Promise ? decision.then((value) => toOutcome(flow, value)) : toOutcome(flow, decision)
    },
    dispose: () => site.release(),
  }
}

function toResponse(
  flow: Flow,
  plugin: string,
  { status, headers, body }: SynthResponse,
): NonNullable<Flow['response']> {
  assertFinalStatus(status)
  return { status, headers: fromPluginHeaders(headers, flow, plugin), body: toBody(body) }
}
