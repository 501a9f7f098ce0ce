import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith, required } from '../schema/decode-object.ts'
import {
  decodeEnum,
  decodeInteger,
  decodeParsed,
  quoted,
  wrongType,
  type Decode,
  type Parsed,
} from '../schema/decode-scalar.ts'
import { propertiesOf, propertyOf, type JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { decodeSynth } from './decode-synth.ts'
import { parseDuration } from './duration.ts'
import { isToken } from './header-field.ts'
import type { SynthSpec } from './types.ts'

/** What is counted together. Header names are lower case. */
export type RateLimitKey =
  | 'remote_ip'
  | 'global'
  | { readonly header: string }
  | { readonly cookie: string }
  | { readonly query: string }
  | { readonly composite: readonly RateLimitKey[] }

/** A token bucket for each key: `rate` tokens in each window, `burst` at most. */
export type RateLimitArgs = {
  readonly key: RateLimitKey
  readonly rate: number
  readonly burst: number
  readonly window_ms: number
  readonly on_limit: RateLimitAnswer
}

/** What a request over the limit gets: a {@link SynthSpec}, as plain JSON. */
export type RateLimitAnswer = {
  readonly status: number
  readonly headers: SynthSpec['headers']
  readonly body: string
  readonly body_encoding: 'utf8' | 'base64'
}

const TOO_MANY_REQUESTS = 429
const MAX_PARTS = 8
const MAX_RATE = 1_000_000_000
const MIN_WINDOW_MS = 1_000
const MAX_WINDOW_MS = 60_000

const word = decodeEnum('key', ['remote_ip', 'global'] as const)
const header = decodeObject('key', { header: required(decodeParsed('a header name', parseHeaderName)) })
const cookie = decodeObject('key', { cookie: required(decodeParsed('the name of a cookie', parseName)) })
const query = decodeObject('key', { query: required(decodeParsed('the name of a query parameter', parseName)) })
const composite = decodeObject('key', {
  composite: required(decodeList(decodePart, { what: 'keys', min: 1 })),
})
const FORMS = '"remote_ip", "global", or an object with one of the keys "header", "cookie", "query", "composite"'

const fields = decodeObject('the args of rate_limit', {
  key: optionalWith<RateLimitKey>(decodeKey, 'remote_ip'),
  rate: required(decodeInteger({ what: 'rate', min: 1, max: MAX_RATE })),
  burst: optional(decodeInteger({ what: 'burst', min: 1, max: MAX_RATE })),
  window: optionalWith(decodeParsed('a duration from "1s" to "60s"', parseWindow), MIN_WINDOW_MS),
  on_limit: optionalWith<SynthSpec>(decodeSynth('on_limit', { defaultStatus: TOO_MANY_REQUESTS }), {
    status: TOO_MANY_REQUESTS,
    headers: [],
    body: '',
  }),
})

/** The arguments of `rate_limit`, with the defaults filled in: `key` is `remote_ip`, `burst` is `rate`, `window` is 1 s. */
export const decodeRateLimit: Decode<RateLimitArgs> = (node, sink) => {
  const decoded = fields(node, sink)
  if (decoded === undefined) return undefined
  const { key, rate, burst = rate, window, on_limit: answer } = decoded
  const { status, headers, body, bodyEncoding = 'utf8' } = answer
  return { key, rate, burst, window_ms: window, on_limit: { status, headers, body, body_encoding: bodyEncoding } }
}

function decodeKey(node: JsonNode, sink: ProblemSink): RateLimitKey | undefined {
  if (node.type !== 'object' || propertyOf(node, 'composite') === undefined) return decodePart(node, sink)
  const decoded = composite(node, sink)
  if (decoded === undefined) return undefined
  if (decoded.composite.length <= MAX_PARTS) return decoded
  const message = `a composite key has at most ${MAX_PARTS} parts`
  sink.at(propertyOf(node, 'composite') ?? node, { code: 'out-of-range', message })
  return undefined
}

/** A key that is not made of others. */
function decodePart(node: JsonNode, sink: ProblemSink): RateLimitKey | undefined {
  if (node.type === 'string') return word(node, sink)
  if (node.type !== 'object') return wrongType(node, sink, FORMS)
  const names = new Set([...propertiesOf(node)].map(({ name }) => name))
  if (names.has('header')) return header(node, sink)
  if (names.has('cookie')) return cookie(node, sink)
  if (names.has('query')) return query(node, sink)
  if (names.has('composite')) {
    sink.at(node, { code: 'unknown-value', message: 'a composite key has no composite keys in it' })
    return undefined
  }
  return wrongType(node, sink, FORMS)
}

function parseHeaderName(text: string): Parsed<string> {
  if (isToken(text)) return { value: text.toLowerCase() }
  return { problem: { code: 'invalid-header', message: `${quoted(text)} is not a header name` } }
}

function parseName(text: string): Parsed<string> {
  if (text !== '' && !/[\p{Cc}]/u.test(text)) return { value: text }
  return { problem: { code: 'invalid-name', message: `${quoted(text)} is not a name` } }
}

function parseWindow(text: string): Parsed<number> {
  const parsed = parseDuration(text)
  if ('problem' in parsed || (parsed.value >= MIN_WINDOW_MS && parsed.value <= MAX_WINDOW_MS)) return parsed
  return { problem: { code: 'out-of-range', message: `the window ${quoted(text)} is not from 1s to 60s` } }
}
