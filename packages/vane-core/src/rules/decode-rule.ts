import { decodePredicate } from '../predicate/decode-predicate.ts'
import type { Predicate } from '../predicate/types.ts'
import { decodeList } from '../schema/decode-list.ts'
import { decodeObject, optional, optionalWith, required } from '../schema/decode-object.ts'
import { decodeInteger, decodeParsed, quoted, type Decode, type Parsed } from '../schema/decode-scalar.ts'
import { propertyOf } from '../schema/json-node.ts'
import { decodeListenerTls } from './decode-listener-tls.ts'
import { decodeMiddlewareChain } from './decode-middleware.ts'
import { decodeTerminate } from './decode-terminate.ts'
import { parseListenSpec, type ListenSpec } from './listen-spec.ts'
import { DEFAULT_MAX_BODY_BYTES, type MiddlewareUse, type Rule } from './types.ts'

const MAX_NAME_LENGTH = 128
// One message body is one buffer; Node's are bounded well above this.
const MAX_BODY_BYTES = 1024 * 1024 * 1024
const MAX_PRIORITY = 1_000_000_000

/** The `name` of a rule or preset. */
export const decodeRuleName: Decode<string> = decodeParsed('a rule name', parseName)

/** The `listen` of a rule or preset: addresses without repeats. */
export const decodeRuleListen: Decode<ListenSpec[]> = (node, sink) => {
  const specs = listenList(node, sink)
  return specs === undefined ? undefined : [...new Map(specs.map((spec) => [spec.key, spec])).values()]
}

const listenAddress = decodeParsed('a listen address such as ":8080"', parseListenSpec)
const listenList = decodeList(listenAddress, { what: 'listen addresses', min: 1 })
const predicates = decodeList(decodePredicate, { what: 'predicates' })
const decodeMatch: Decode<readonly Predicate[]> = (node, sink) => {
  if (node.type === 'array') return predicates(node, sink)
  const only = decodePredicate(node, sink)
  return only === undefined ? undefined : [only]
}
const bodyLimit = decodeInteger({ what: 'a body limit in bytes', min: 0, max: MAX_BODY_BYTES })

const ruleFields = decodeObject('a rule', {
  name: required(decodeRuleName),
  listen: required(decodeRuleListen),
  match: optionalWith(decodeMatch, []),
  priority: optionalWith(decodeInteger({ what: 'priority', min: -MAX_PRIORITY, max: MAX_PRIORITY }), 0),
  middleware_chain: optionalWith<readonly MiddlewareUse[]>(decodeMiddlewareChain, []),
  terminate: required(decodeTerminate),
  tls: optional(decodeListenerTls),
  max_body_bytes_request: optionalWith(bodyLimit, DEFAULT_MAX_BODY_BYTES),
  max_body_bytes_response: optionalWith(bodyLimit, DEFAULT_MAX_BODY_BYTES),
})

/** One rule. */
export const decodeRule: Decode<Rule> = (node, sink) => {
  const decoded = ruleFields(node, sink)
  if (decoded === undefined) return undefined
  const tlsNode = propertyOf(node, 'tls')
  return {
    name: decoded.name,
    listen: decoded.listen,
    match: decoded.match,
    priority: decoded.priority,
    middlewareChain: decoded.middleware_chain,
    terminate: decoded.terminate,
    tls: decoded.tls,
    maxBodyBytesRequest: decoded.max_body_bytes_request,
    maxBodyBytesResponse: decoded.max_body_bytes_response,
    source: sink.span(propertyOf(node, 'name') ?? node),
    terminateSource: sink.span(propertyOf(node, 'terminate') ?? node),
    ...(tlsNode === undefined ? {} : { tlsSource: sink.span(tlsNode) }),
  }
}

function parseName(text: string): Parsed<string> {
  if (text.length === 0) return { problem: { code: 'invalid-name', message: 'a rule name cannot be empty' } }
  if (text.length > MAX_NAME_LENGTH) {
    return {
      problem: { code: 'invalid-name', message: `the rule name ${quoted(text)} exceeds ${MAX_NAME_LENGTH} characters` },
    }
  }
  // Names stand in logs, metrics and terminals.
  if (/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(text)) {
    return { problem: { code: 'invalid-name', message: `the rule name ${quoted(text)} has control characters` } }
  }
  return { value: text }
}
