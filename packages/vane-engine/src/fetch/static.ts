import { HeaderList, type SynthSpec, toBody } from 'vane-core'
import type { Fetch } from '../executor/flow.ts'
import { createTemplate } from './template.ts'

/** A fetch that answers by itself with what a rule says: `static`, and what `on_error` turns a failure into. */
export function createStatic(spec: SynthSpec): Fetch {
  const body = toBody(Buffer.from(spec.body, spec.bodyEncoding ?? 'utf8'))
  const fields = spec.headers.map(([name, value]) => ({ name, value: createTemplate(value) }))
  return {
    start(flow) {
      const pairs: string[] = []
      for (const { name, value } of fields) pairs.push(name, value(flow))
      return { tag: 'response', response: { status: spec.status, headers: new HeaderList(pairs), body } }
    },
  }
}
