import type { Flow } from '../executor/flow.ts'
import { toWireValue } from '../http1/wire-value.ts'

/** Makes a header value of a template for one request, as it goes over the wire. */
export type Template = (flow: Flow) => string

/**
 * Splits a text with `${host}`, `${uri}`, `${path}`, `${query}` and `${remote_ip}` once, so that a request only joins.
 *
 * An unknown name stays as it is written: the compiler refuses it. Values cannot carry line breaks, since the request they
 * come from could not either.
 */
export function createTemplate(text: string): Template {
  // What a request brings is in wire form already: encoding it again would change its bytes.
  const parts = toWireValue(text).split(/\$\{([a-z_]+)\}/)
  const [first = ''] = parts
  if (parts.length === 1) return () => first
  const steps = parts.map((part, index): Template => {
    if (index % 2 === 0) return () => part
    return VARIABLES.get(part) ?? (() => `\${${part}}`)
  })
  return (flow) => steps.map((step) => step(flow)).join('')
}

const VARIABLES: ReadonlyMap<string, Template> = new Map<string, Template>([
  ['host', ({ request }) => request.host],
  ['uri', ({ request }) => request.target],
  ['path', ({ request }) => request.path],
  ['query', ({ request }) => request.query],
  ['remote_ip', ({ connection }) => connection.peerIp ?? ''],
])
