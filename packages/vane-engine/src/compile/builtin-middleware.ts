import {
  decodeBoolean,
  decodeEnum,
  decodeHostName,
  decodeList,
  decodeMethod,
  decodeNetwork,
  decodeObject,
  decodeParsed,
  decodeRateLimit,
  optionalWith,
  parsePathOperand,
  required,
  type Decode,
  type Field,
  type Json,
  type MiddlewareMeta,
} from 'vane-core'
import type { BuiltinMiddleware } from './metadata-provider.ts'

/** How a forwarding middleware can say who the client is. */
const FORWARDING_HEADERS = ['x-forwarded-for', 'x-real-ip', 'forwarded'] as const

const REQUEST: MiddlewareMeta = { kind: 'l7-request', stateless: true, needsBody: false, inspects: [] }

/** What a request that does not fit gets: the answer that says so (404, 405 for a method), or nothing at all. */
const onMiss = optionalWith<'respond' | 'close'>(decodeEnum('on_miss', ['respond', 'close']), 'respond')

/** The engine's own middleware: the table the compiler checks names and arguments against. */
export const BUILTIN_MIDDLEWARE: Readonly<Record<string, BuiltinMiddleware>> = {
  host_header_match: {
    meta: REQUEST,
    decodeArgs: decodeObject('the args of host_header_match', {
      hosts: listField(decodeHostName('a host name', { wildcard: true }), 'hosts'),
      on_miss: onMiss,
    }) satisfies Decode<Json>,
  },
  path_prefix: {
    meta: REQUEST,
    decodeArgs: decodeObject('the args of path_prefix', {
      prefixes: listField(decodeParsed('a path such as "/api"', parsePathOperand), 'path prefixes'),
      on_miss: onMiss,
    }) satisfies Decode<Json>,
  },
  method_match: {
    meta: REQUEST,
    decodeArgs: decodeObject('the args of method_match', {
      methods: listField(decodeMethod, 'methods'),
      on_miss: onMiss,
    }) satisfies Decode<Json>,
  },
  sni_peek: {
    meta: { kind: 'l4-peek', stateless: true, needsBody: false, inspects: [] },
    decodeArgs: decodeObject('the args of sni_peek', {}) satisfies Decode<Json>,
  },
  forward_client_ip: {
    meta: REQUEST,
    decodeArgs: decodeObject('the args of forward_client_ip', {
      headers: optionalWith<readonly string[]>(
        decodeList(decodeEnum('forwarding header', FORWARDING_HEADERS), { what: 'forwarding headers', min: 1 }),
        FORWARDING_HEADERS,
      ),
      // Nobody is trusted to name another client unless the operator says who.
      trusted_proxies: optionalWith<readonly string[]>(decodeList(decodeNetwork, { what: 'networks' }), []),
      strip_inbound_forwarded: optionalWith(decodeBoolean('strip_inbound_forwarded'), true),
    }) satisfies Decode<Json>,
  },
  rate_limit: {
    meta: { ...REQUEST, stateless: false },
    decodeArgs: decodeRateLimit satisfies Decode<Json>,
  },
}

/** A list that means the same in any order. */
function listField(item: Decode<string>, what: string): Field<readonly string[]> {
  const list = decodeList(item, { what, min: 1 })
  return required((node, sink) => {
    const items = list(node, sink)
    return items === undefined ? undefined : [...new Set(items)].toSorted()
  })
}
