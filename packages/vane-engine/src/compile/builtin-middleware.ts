import {
  decodeBoolean,
  decodeEnum,
  decodeList,
  decodeNetwork,
  decodeObject,
  optionalWith,
  type Decode,
  type Json,
} from 'vane-core'
import type { BuiltinMiddleware } from './metadata-provider.ts'

/** How a forwarding middleware can say who the client is. */
const FORWARDING_HEADERS = ['x-forwarded-for', 'x-real-ip', 'forwarded'] as const

/** The engine's own middleware: the table the compiler checks names and arguments against. */
export const BUILTIN_MIDDLEWARE: Readonly<Record<string, BuiltinMiddleware>> = {
  forward_client_ip: {
    meta: { kind: 'l7-request', stateless: true, needsBody: false, inspects: [] },
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
}

/** Middleware of the language without a runtime in this version. */
export const NOT_YET_MIDDLEWARE: readonly string[] = [
  'host_header_match',
  'path_prefix',
  'method_match',
  'sni_peek',
  'rate_limit',
]
