import { decodeBytes } from '../schema/decode-bytes.ts'
import { decodeInteger, decodeText, wrongType, type Decode } from '../schema/decode-scalar.ts'
import { decodeObject, optionalWith, required, type Fields } from '../schema/decode-object.ts'
import { propertiesOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { checkHeaderName, checkHeaderValue } from './header-field.ts'
import { checkTemplate } from './template.ts'
import type { SynthSpec } from './types.ts'

const BODYLESS = new Set([204, 205, 304])

// 1xx are the connection's own; a final response begins at 200.
const status = decodeInteger({ what: 'a status', min: 200, max: 599 })

/** The keys of a response that a rule writes itself, besides its status. */
const SYNTH_FIELDS = {
  headers: optionalWith<SynthSpec['headers']>(decodeHeaders, []),
  body: optionalWith<SynthBody>(decodeBody, { body: '' }),
} as const satisfies Fields

type SynthBody = Pick<SynthSpec, 'body' | 'bodyEncoding'>

/** What a {@link decodeSynth} may be told. */
export interface SynthOptions {
  /** Keys it has besides; they are only checked. */
  readonly extra?: Fields
  /** What an absent `status` means; without it, `status` is required. */
  readonly defaultStatus?: number
}

/** A response written in a rule. `what` names the object in messages. */
export function decodeSynth(what: string, { extra = {}, defaultStatus }: SynthOptions = {}): Decode<SynthSpec> {
  const statusField = defaultStatus === undefined ? required(status) : optionalWith(status, defaultStatus)
  const decode = decodeObject(what, { ...extra, status: statusField, ...SYNTH_FIELDS })
  return (node, sink) => {
    const decoded = decode(node, sink)
    if (decoded === undefined) return undefined
    const { status, headers, body } = decoded
    if (body.body !== '' && BODYLESS.has(status)) {
      const at = node.children?.find((property) => property.children?.[0]?.value === 'body')
      sink.at(at?.children?.[1] ?? node, {
        code: 'body-not-allowed',
        message: `a response with status ${status} has no body`,
      })
      return undefined
    }
    return { status, headers, ...body }
  }
}

/** Headers of a response: `{ name: value }`, or `{ name: [values] }` for a repeated field. */
export function decodeHeaders(node: JsonNode, sink: ProblemSink): SynthSpec['headers'] | undefined {
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
  const value = decodeText('a header value')(node, sink)
  if (value === undefined) return undefined
  const problem = checkHeaderValue(value) ?? checkTemplate(value)
  if (problem === undefined) return value
  sink.at(node, problem)
  return undefined
}

const bodyBytes = decodeBytes('a body')

function decodeBody(node: JsonNode, sink: ProblemSink): SynthBody | undefined {
  const bytes = bodyBytes(node, sink)
  if (bytes === undefined) return undefined
  const buffer = Buffer.from(bytes)
  // What is text is text, however it was written: equal bodies are equal in the graph and its hash.
  const text = buffer.toString('utf8')
  return Buffer.from(text).equals(buffer) ? { body: text } : { body: buffer.toString('base64'), bodyEncoding: 'base64' }
}
