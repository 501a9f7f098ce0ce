import {
  decodeEnum,
  decodeInteger,
  decodeParsed,
  decodeText,
  type Decode,
  type Parsed,
} from '../schema/decode-scalar.ts'
import { decodeObject, optionalWith, required } from '../schema/decode-object.ts'
import { decodeTagged } from '../schema/decode-tagged.ts'
import type { JsonNode } from '../schema/json-node.ts'
import type { ProblemSink } from '../schema/problem-sink.ts'
import { decodeCgi } from './decode-cgi.ts'
import { decodeTcpForward, decodeUdpForward } from './decode-forward.ts'
import { checkVersion, decodeUpstream, PROXY_FIELDS, toUpstreamOptions } from './decode-proxy.ts'
import { decodeHeaders, decodeSynth } from './decode-synth.ts'
import { parseUnixPath } from './listen-spec.ts'
import type { HttpProxyTerminate, HttpProxyVersion, SynthSpec, Terminate, UpstreamOptions } from './types.ts'

const HTTPS_PORT = 443

const type = required(decodeText('a terminate type'))
const version = optionalWith<HttpProxyVersion>(decodeEnum('version', ['auto', 'h1', 'h2', 'h3']), 'auto')

const httpProxy = decodeObject('http_proxy', { ...PROXY_FIELDS, upstream: required(decodeUpstream), version })
const fixedProxy = decodeObject('this proxy', { ...PROXY_FIELDS, upstream: required(decodeUpstream) })
const unixProxy = decodeObject('unix_proxy', {
  ...PROXY_FIELDS,
  path: required(decodeParsed('the path of a socket', parseSocketPath)),
  version,
})
const websocket = decodeObject('websocket', { ...PROXY_FIELDS, upstream: required(decodeUpstream) })
const redirectHttps = decodeObject('redirect_https', {
  type,
  port: optionalWith(decodeInteger({ what: 'port', min: 1, max: 65_535 }), HTTPS_PORT),
  headers: optionalWith<SynthSpec['headers']>(decodeHeaders, []),
})
const close = decodeObject('close', { type })
const synth = decodeSynth('static', { extra: { type } })

/** How a rule ends: the table of terminators. */
export const decodeTerminate: Decode<Terminate> = decodeTagged<Terminate>({
  what: 'terminate type',
  tag: 'type',
  unknownCode: 'unknown-terminator',
  variants: {
    http_proxy: (node, sink) => toProxy(httpProxy(node, sink), node, sink),
    http1_proxy: proxyOf('h1'),
    http2_proxy: proxyOf('h2'),
    http3_proxy: proxyOf('h3'),
    unix_proxy: (node, sink) => {
      const decoded = unixProxy(node, sink)
      const upstream = { kind: 'unix', path: decoded?.path ?? '' } as const
      return toProxy(decoded === undefined ? undefined : { ...decoded, upstream }, node, sink)
    },
    websocket: (node, sink) => {
      const decoded = websocket(node, sink)
      return decoded === undefined ? undefined : { type: 'websocket', ...toUpstreamOptions(decoded) }
    },
    static: (node, sink) => {
      const response = synth(node, sink)
      return response === undefined ? undefined : { type: 'static', response }
    },
    redirect_https: (node, sink) => {
      const decoded = redirectHttps(node, sink)
      return decoded === undefined
        ? undefined
        : { type: 'redirect_https', port: decoded.port, headers: decoded.headers }
    },
    tcp_forward: decodeTcpForward,
    udp_forward: decodeUdpForward,
    cgi: decodeCgi,
    close: (node, sink) => (close(node, sink) === undefined ? undefined : { type: 'close' }),
  },
})

function proxyOf(version: HttpProxyVersion): Decode<HttpProxyTerminate> {
  return (node, sink) => {
    const decoded = fixedProxy(node, sink)
    return toProxy(decoded === undefined ? undefined : { ...decoded, version }, node, sink)
  }
}

function toProxy(
  decoded: (UpstreamOptions & { readonly version: HttpProxyVersion }) | undefined,
  node: JsonNode,
  sink: ProblemSink,
): HttpProxyTerminate | undefined {
  if (decoded === undefined || !checkVersion(decoded, node, sink)) return undefined
  return { type: 'http_proxy', version: decoded.version, ...toUpstreamOptions(decoded) }
}

function parseSocketPath(text: string): Parsed<string> {
  const path = parseUnixPath(text)
  return 'value' in path ? path : { problem: { code: 'invalid-upstream', ...path.problem } }
}
