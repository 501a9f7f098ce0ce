import { decodeInteger, decodeText, notSupportedYet, wrongType, type Decode } from '../schema/decode-scalar.ts'
import { decodeObject, optionalWith, required, type Fields } from '../schema/decode-object.ts'
import { propertiesOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { checkHeaderName, checkHeaderValue } from './header-field.ts'
import { checkTemplate } from './template.ts'
import type { SynthSpec } from './types.ts'

const BODYLESS = new Set([204, 205, 304])

/** The keys of a response that a rule writes itself. */
const SYNTH_FIELDS = {
  // 1xx are the connection's own; a final response begins at 200.
  status: required(decodeInteger({ what: 'a status', min: 200, max: 599 })),
  headers: optionalWith<SynthSpec['headers']>(decodeHeaders, []),
  body: optionalWith<string>(decodeBody, ''),
} as const satisfies Fields

/** A response written in a rule. `what` names the object in messages, `extra` are keys it has besides. */
export function decodeSynth(what: string, extra: Fields = {}): Decode<SynthSpec> {
  const decode = decodeObject(what, { ...extra, ...SYNTH_FIELDS })
  return (node, sink) => {
    const decoded = decode(node, sink)
    if (decoded === undefined) return undefined
    const { status, headers, body } = decoded
    if (body !== '' && BODYLESS.has(status)) {
      const at = node.children?.find((property) => property.children?.[0]?.value === 'body')
      sink.at(at?.children?.[1] ?? node, {
        code: 'body-not-allowed',
        message: `a response with status ${status} has no body`,
      })
      return undefined
    }
    return { status, headers, body }
  }
}

/** `{ name: value }`, or `{ name: [values] }` for a repeated field. */
function decodeHeaders(node: JsonNode, sink: ProblemSink): SynthSpec['headers'] | undefined {
  if (node.type !== 'object') return wrongType(node, sink, 'headers (an object of names and values)')
  const headers: (readonly [string, string])[] = []
  let whole = true
  for (const { key, name, value } of propertiesOf(node)) {
    const nameProblem = checkHeaderName(name)
    if (nameProblem !== undefined) {
      sink.at(key, nameProblem)
      whole = false
    }
    for (const item of value.type === 'array' ? (value.children ?? []) : [value]) {
      const text = decodeHeaderValue(item, sink)
      if (text === undefined) whole = false
      else headers.push([name, text])
    }
  }
  return whole ? headers : undefined
}

function decodeHeaderValue(node: JsonNode, sink: ProblemSink): string | undefined {
  const value = decodeText({ what: 'a header value' })(node, sink)
  if (value === undefined) return undefined
  const problem = checkHeaderValue(value) ?? checkTemplate(value)
  if (problem === undefined) return value
  sink.at(node, problem)
  return undefined
}

function decodeBody(node: JsonNode, sink: ProblemSink): string | undefined {
  if (node.type === 'string') return node.value as string
  const keys = [...propertiesOf(node)]
  if (keys.length === 1 && keys[0]!.name === 'base64') {
    sink.at(node, notSupportedYet('a body in base64'))
    return undefined
  }
  return wrongType(node, sink, 'a body (a string)')
}
