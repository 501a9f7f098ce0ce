import { HeaderList, type HttpResponse, type SynthSpec, toBody } from 'vane-core'
import type { Flow } from '../executor/flow.ts'
import { createTemplate } from './template.ts'

/** Makes the response that a rule has written, for one request: the templates in its headers are filled in. */
export type Responder = (flow: Flow) => HttpResponse

/** Prepares a response of a rule's own, so that a request only joins its templates. */
export function createResponder(spec: SynthSpec): Responder {
  const body = toBody(Buffer.from(spec.body, spec.bodyEncoding ?? 'utf8'))
  const fields = spec.headers.map(([name, value]) => ({ name, value: createTemplate(value) }))
  return (flow) => {
    const pairs: string[] = []
    for (const { name, value } of fields) pairs.push(name, value(flow))
    return { status: spec.status, headers: new HeaderList(pairs), body }
  }
}
