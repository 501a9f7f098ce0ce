import type { EngineLimits } from '../engine-options.ts'
import { createHttp1ServerCodec } from '../http1/http1-server-codec.ts'
import type { HttpServerCodec } from '../http1/server-codec.ts'

/** The decoders of a listener, one for each version of HTTP that clients may speak. */
export interface HttpCodecs {
  readonly h1: HttpServerCodec
  /** Absent: HTTP/2 is neither offered nor looked for. */
  readonly h2: HttpServerCodec | undefined
}

/** What clients are offered in TLS, most wanted first (RFC 7301): a protocol for each codec there is. */
export const OFFERED_PROTOCOLS: readonly string[] = ['http/1.1']

/** Makes the decoders of one listener. */
export function createHttpCodecs(limits: EngineLimits): HttpCodecs {
  return { h1: createHttp1ServerCodec(limits), h2: undefined }
}
