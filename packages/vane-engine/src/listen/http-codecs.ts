import type { EngineLimits } from '../engine-options.ts'
import { createHttp1ServerCodec } from '../http1/http1-server-codec.ts'
import type { HttpServerCodec } from '../http1/server-codec.ts'
import { createHttp2ServerCodec } from '../http2/http2-server-codec.ts'

/** The decoders of a listener, one for each version of HTTP that clients may speak. */
export interface HttpCodecs {
  readonly h1: HttpServerCodec
  readonly h2: HttpServerCodec
}

/** What clients are offered in TLS, most wanted first (RFC 7301): a protocol for each codec there is. */
export const OFFERED_PROTOCOLS: readonly string[] = ['h2', 'http/1.1']

/** Makes the decoders of one listener. */
export function createHttpCodecs(limits: EngineLimits): HttpCodecs {
  return { h1: createHttp1ServerCodec(limits), h2: createHttp2ServerCodec(limits) }
}
